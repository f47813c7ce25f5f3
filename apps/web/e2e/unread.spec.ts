import type { ChatClient } from '@parley/client';
import { directConversationId } from '@parley/protocol';
import { Person } from './support/person.ts';
import { connect, myId, send } from './support/program.ts';
import { expect, test, unique } from './support/test.ts';

const READ = 5;
const text = (seq: number): string => `${seq}: ${'word '.repeat(1 + (seq % 11) * 3)}`.trim();

async function write(client: ChatClient, conversation: string, { from, to }: { from: number; to: number }) {
  const sent: Promise<number>[] = [];
  for (let seq = from; seq <= to; seq += 1) {
    sent.push(send(client, conversation, text(seq)));
    // More do not fit into the outbox.
    if (seq % 400 === 0) await Promise.all(sent);
  }
  await Promise.all(sent);
}

interface Returned {
  client: ChatClient;
  /** At a page that was opened after everything was written, in the conversation. */
  mira: Person;
  /** How far she has read, as the others know. */
  readUpTo: () => number;
}

/** Somebody read a few messages and closed the page; then more came, and now the conversation is opened anew. */
async function comeBack(url: string, mira: Person, unread: number): Promise<Returned> {
  const client = await connect(url, unique('Writer'));
  const reader = await mira.id();
  const conversation = directConversationId(myId(client), reader);
  const readUpTo = () => client.getSnapshot().conversations.get(conversation)?.reads.get(reader) ?? 0;
  await write(client, conversation, { from: 1, to: READ });
  await mira.page.goto(`/#/c/${conversation}`);
  await expect.poll(readUpTo).toBe(READ);
  await mira.page.close();
  await write(client, conversation, { from: READ + 1, to: READ + unread });
  const later = new Person(mira.name, await mira.context.newPage());
  await later.page.goto('/');
  const row = later.conversations.first();
  await expect(row).toContainText(String(unread));
  await row.locator('a').click();
  return { client, mira: later, readUpTo };
}

/** What the chip counts comes to what the others know to be unread; a position is on its way for a moment. */
const agreesWith = (mira: Person, unreadUpTo: () => number): Promise<void> =>
  expect(async () => {
    await expect(mira.page.getByTestId('to-newest')).toHaveText(`${unreadUpTo()} new`, { timeout: 100 });
  }).toPass({ timeout: 10_000 });

/** Seq of the newest message that is in view whole. */
const newestInView = (mira: Person): Promise<number> =>
  mira.messages.evaluateAll((rows) => {
    const bottom = document.querySelector('[data-testid=timeline]')?.getBoundingClientRect().bottom ?? 0;
    const whole = rows.filter((row) => row.getBoundingClientRect().bottom <= bottom);
    return Math.max(...whole.map((row) => Number(row.dataset['seq'])));
  });

for (const unread of [25, 60, 300])
  test(`back after ${unread} messages: one begins at the first of them, and what was not seen stays unread #35 #38${unread === 300 ? '' : ' @one-node'}`, async ({
    join,
    system,
  }) => {
    const { client, mira, readUpTo } = await comeBack(system.url, await join(unique('Mira')), unread);
    const timeline = mira.page.getByTestId('timeline');
    await expect(timeline.getByText('New', { exact: true })).toBeInViewport();
    await expect(mira.message(text(READ + 1))).toBeInViewport();
    const chip = mira.page.getByTestId('to-newest');
    await expect(chip).toHaveText(/^\d+ new$/);

    // What is in view counts as read after a second, and nothing else does.
    await expect.poll(readUpTo).toBeGreaterThan(READ);
    await expect(timeline.getByText('New', { exact: true })).toBeInViewport();
    await agreesWith(mira, () => READ + unread - readUpTo());
    const seen = readUpTo();
    expect(seen).toBeLessThanOrEqual((await newestInView(mira)) + 1);
    expect(seen).toBeLessThan(READ + unread);

    await chip.click();
    await expect(mira.message(text(READ + unread))).toBeInViewport();
    await expect.poll(readUpTo).toBe(READ + unread);
    await expect(mira.page).toHaveTitle('Parley');
    await client.stop();
  });

test('back after a few messages that fit into the view: the line stands above them, and one is at the end #35 @one-node', async ({
  join,
  system,
}) => {
  const { client, mira, readUpTo } = await comeBack(system.url, await join(unique('Mira')), 3);
  await expect(mira.page.getByTestId('timeline').getByText('New', { exact: true })).toBeInViewport();
  await expect(mira.message(text(READ + 3))).toBeInViewport();
  await expect(mira.page.getByTestId('to-newest')).toBeHidden();
  await expect.poll(readUpTo).toBe(READ + 3);
  await client.stop();
});

test('back after more than is loaded at once: one begins at the oldest that is loaded #35 @one-node', async ({
  join,
  system,
}) => {
  const { client, mira, readUpTo } = await comeBack(system.url, await join(unique('Mira')), 560);
  const oldest = READ + 560 - 500 + 1;
  await expect(mira.message(text(oldest))).toBeInViewport();
  await expect.poll(readUpTo).toBeGreaterThan(READ);
  await expect(mira.message(text(oldest))).toBeInViewport();
  expect(readUpTo()).toBeLessThan(oldest + 60);
  await agreesWith(mira, () => READ + 560 - readUpTo());
  await client.stop();
});
