import { type ChatClient } from '@parley/client';
import { directConversationId } from '@parley/protocol';
import type { Locator } from '@playwright/test';
import type { Person } from './support/person.ts';
import { connect, myId, send } from './support/program.ts';
import { expect, test, unique } from './support/test.ts';

/** Somebody without a page who has written `count` messages of differing length to `reader`. */
async function writer(
  url: string,
  reader: Person,
  count: number,
): Promise<{ client: ChatClient; conversation: string }> {
  const client = await connect(url, unique('Writer'));
  const conversation = directConversationId(myId(client), await reader.id());
  const sent: Promise<number>[] = [];
  for (let at = 1; at <= count; at += 1) sent.push(send(client, conversation, text(at)));
  await Promise.all(sent);
  return { client, conversation };
}

const text = (at: number): string =>
  `${at}: ${at % 3 === 0 ? '这一条长一些，'.repeat(1 + (at % 7) * 4) : 'word '.repeat(1 + (at % 11) * 3)}`.trim();

const scroller = (person: Person): Locator => person.page.getByTestId('timeline');
const fromEnd = (person: Person): Promise<number> =>
  scroller(person).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);

/** Opens it in a page that holds nothing of it yet, at its end. */
async function openConversation(person: Person, conversation: string): Promise<void> {
  await person.page.goto(`/#/c/${conversation}`);
  const chip = person.page.getByTestId('to-newest');
  // With something unread it opens there and loads all of that: then once more, when the relay knows that it was read.
  await expect(async () => {
    await person.page.reload();
    await expect(person.messages.first()).toBeVisible();
    const isAtEnd = !(await chip.isVisible());
    if (!isAtEnd) await chip.click();
    await expect(person.page).toHaveTitle('Parley');
    expect(isAtEnd).toBe(true);
  }).toPass();
}

/**
 * Turns the wheel and waits until the view is at rest: its scrolling has ended, and for a dozen frames in a row nothing
 * was moved, added or measured anew.
 */
async function wheel(person: Person, pixels: number): Promise<void> {
  await scroller(person).hover();
  await scroller(person).evaluate((box) => {
    const ended = new Promise((resolve) => box.addEventListener('scrollend', resolve, { once: true }));
    Object.assign(box, { ended });
  });
  await person.page.mouse.wheel(0, pixels);
  await scroller(person).evaluate(async (box) => {
    if ('ended' in box) await box.ended;
    const look = () =>
      [box, ...box.querySelectorAll('article')]
        .map((element) => element.getBoundingClientRect().top)
        .concat(box.scrollTop, box.scrollHeight)
        .join(' ');
    for (let before = look(), calm = 0; calm < 12;) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = look();
      calm = now === before ? calm + 1 : 0;
      before = now;
    }
  });
}

/** Scrolls up until the first message is there. */
async function toTop(person: Person): Promise<void> {
  await scroller(person).hover();
  await expect(async () => {
    await person.page.mouse.wheel(0, -4_000);
    await expect(person.message(text(1))).toBeInViewport({ timeout: 200 });
  }).toPass({ timeout: 30_000, intervals: [50] });
}

interface Prepending {
  /** Farthest that a message in view moved while an older page arrived, in pixels, over all frames. */
  worst: number;
  /** Older pages that arrived. */
  pages: number;
}

/** Runs in the page: goes near the top, then stands still and looks at each frame while older messages arrive; several times. */
async function watchPrepending(box: Element): Promise<Prepending> {
  // Only what is inside of this function exists in the page.
  // oxlint-disable-next-line unicorn/consistent-function-scoping
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const tops = () => {
    const found = new Map<string, number>();
    for (const row of box.querySelectorAll<HTMLElement>('article')) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > 100 && top < 600) found.set(row.dataset['id'] ?? '', top);
    }
    return found;
  };
  let worst = 0;
  let pages = 0;
  for (let step = 0; step < 8; step += 1) {
    box.scrollTop = 400;
    await frame();
    await frame();
    // Rows that come into view are measured for the first time; from here on only an arrival can move them.
    const before = tops();
    const height = box.scrollHeight;
    for (let wait = 0; wait < 60; wait += 1) {
      await frame();
      for (const [id, top] of tops()) worst = Math.max(worst, Math.abs(top - (before.get(id) ?? top)));
    }
    if (box.scrollHeight - height > 500) pages += 1;
  }
  return { worst, pages };
}

test('history loads as one scrolls up, to the very first message, and what one reads does not move #28', async ({
  join,
  system,
}) => {
  const mira = await join(unique('Mira'));
  const { client, conversation } = await writer(system.url, mira, 260);
  await openConversation(mira, conversation);
  await expect(mira.message(text(260))).toBeInViewport();
  await scroller(mira).hover();

  const { worst, pages } = await scroller(mira).evaluate(watchPrepending);
  expect(pages).toBeGreaterThan(1);
  expect(worst).toBeLessThanOrEqual(1);
  await toTop(mira);
  await expect(mira.page.getByText('Loading older messages…')).toBeHidden();
  await client.stop();
});

test('messages that come while one reads above move nothing; the chip counts them and leads to the end #30', async ({
  join,
  system,
}) => {
  const mira = await join(unique('Mira'));
  const { client, conversation } = await writer(system.url, mira, 80);
  await openConversation(mira, conversation);
  await expect(mira.message(text(80))).toBeInViewport();
  await wheel(mira, -1_500);
  const chip = mira.page.getByTestId('to-newest');
  await expect(chip).toHaveText('To the newest');
  const anchor = mira.messages.nth(12);
  const id = await anchor.getAttribute('data-id');
  const row = mira.page.locator(`[data-id="${id}"]`);
  const top = (await row.boundingBox())?.y;
  for (let at = 1; at <= 5; at += 1) await send(client, conversation, `late ${at}`);
  await expect(chip).toHaveText('5 new');
  expect(Math.abs(((await row.boundingBox())?.y ?? 0) - (top ?? 0))).toBeLessThanOrEqual(1);
  await chip.click();
  await expect(mira.message('late 5')).toBeInViewport();
  await expect.poll(() => fromEnd(mira)).toBeLessThanOrEqual(1);
  await expect(chip).toBeHidden();
  await client.stop();
});

test('what one writes oneself is shown, wherever one was #32', async ({ join, system }) => {
  const mira = await join(unique('Mira'));
  const { client, conversation } = await writer(system.url, mira, 60);
  await openConversation(mira, conversation);
  await scroller(mira).hover();
  await mira.page.mouse.wheel(0, -1_500);
  await expect(mira.page.getByTestId('to-newest')).toBeVisible();
  await mira.say('back to the end');
  await expect(mira.message('back to the end')).toBeInViewport();
  await expect.poll(() => fromEnd(mira)).toBeLessThanOrEqual(1);
  await client.stop();
});

test('another conversation and back: one is where one was #33', async ({ join, system }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const { client, conversation } = await writer(system.url, mira, 80);
  await openConversation(mira, conversation);
  await expect(mira.message(text(80))).toBeInViewport();
  await wheel(mira, -1_700);
  await expect(mira.page.getByTestId('to-newest')).toBeVisible();
  const id = await mira.messages.nth(10).getAttribute('data-id');
  const row = mira.page.locator(`[data-id="${id}"]`);
  const top = (await row.boundingBox())?.y ?? 0;
  await mira.open(tom);
  await mira.page.goBack();
  await expect(row).toBeVisible();
  expect(Math.abs(((await row.boundingBox())?.y ?? 0) - top)).toBeLessThanOrEqual(1);
  await client.stop();
});

test('a storm of messages: at the end one stays at the end, and few rows exist #31 #36', async ({ join, system }) => {
  const mira = await join(unique('Mira'));
  const { client, conversation } = await writer(system.url, mira, 20);
  await openConversation(mira, conversation);
  await expect(mira.message(text(20))).toBeInViewport();
  const sent: Promise<number>[] = [];
  for (let at = 1; at <= 400; at += 1) {
    sent.push(send(client, conversation, `storm ${at} ${'word '.repeat(at % 9)}`.trim()));
    // Many frames, not one: the next ten are written once these are in the log.
    if (at % 10 === 0) await Promise.all(sent);
  }
  await Promise.all(sent);
  await expect(mira.messages.last()).toContainText('storm 400');
  await expect.poll(() => fromEnd(mira)).toBeLessThanOrEqual(1);
  expect(await mira.messages.count()).toBeLessThanOrEqual(120);
  await client.stop();
});

test('more was missed than a replay holds: what is not there is said, comes when looked at, and nothing is missing #23 #24', async ({
  join,
  system,
}) => {
  const mira = await join(unique('Mira'));
  const { client, conversation } = await writer(system.url, mira, 20);
  await openConversation(mira, conversation);
  mira.networkMayFail = true;
  await mira.context.setOffline(true);
  // The client has given up the silent socket: nothing in flight can arrive after all.
  await expect(mira.ownState).not.toHaveAttribute('data-node', { timeout: 20_000 });
  const missed: Promise<number>[] = [];
  for (let at = 21; at <= 300; at += 1) missed.push(send(client, conversation, text(at)));
  await Promise.all(missed);
  await mira.page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => {
      const words = /\d+ messages are not loaded/.exec(
        document.querySelector('[data-testid=timeline]')?.textContent ?? '',
      );
      if (words !== null && said.at(-1) !== words[0]) said.push(words[0]);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await mira.context.setOffline(false);
  await mira.isOnline();
  await expect(mira.conversations.first()).toContainText('300');

  // Every place that is ever drawn on the way up.
  await scroller(mira).hover();
  const seen = new Set<number>();
  await expect(async () => {
    await mira.page.mouse.wheel(0, -500);
    for (const seq of await mira.messages.evaluateAll((rows) => rows.map((row) => Number(row.dataset['seq']))))
      seen.add(seq);
    await expect(mira.message(text(1))).toBeInViewport({ timeout: 100 });
  }).toPass({ timeout: 45_000, intervals: [20] });
  expect([...seen].toSorted((one, other) => one - other)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
  const said = await mira.page.evaluate(() =>
    'said' in window && Array.isArray(window.said) ? window.said.length : 0,
  );
  expect(said).toBeGreaterThan(0);
  await client.stop();
});
