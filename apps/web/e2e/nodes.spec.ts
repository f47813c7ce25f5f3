import type { Person } from './support/person.ts';
import { type JoinOptions, expect, test, unique } from './support/test.ts';

type Join = (name: string, options?: JoinOptions) => Promise<Person>;

/** Somebody whom another node serves than `other`. */
async function joinElsewhere(join: Join, name: string, other: Person): Promise<Person> {
  const person = await join(name);
  const theirs = await other.node();
  await expect(async () => {
    if ((await person.node()) !== theirs) return;
    await person.page.reload();
    await person.isOnline();
    expect(await person.node()).not.toBe(theirs);
  }).toPass();
  return person;
}

test('two people on two nodes talk, both ways, and see each other @nodes', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await joinElsewhere(join, unique('Tom'), mira);
  await mira.open(tom);
  await expect(mira.page.getByTestId('header-line')).toContainText('online');
  await mira.say('from one node');
  await tom.open(mira);
  await expect(tom.message('from one node')).toBeVisible();
  await tom.say('从另一个节点');
  await expect(mira.message('从另一个节点')).toBeVisible();
});

test('the node dies under them, and the talk goes on, each message once and in order @nodes #8 #15 #23', async ({
  join,
  system,
}) => {
  const mira = await join(unique('Mira'));
  const tom = await joinElsewhere(join, unique('Tom'), mira);
  const watcher = await join(unique('Watcher'));
  await mira.open(tom);
  await tom.open(mira);
  await watcher.open(mira);
  for (const person of [mira, tom, watcher]) person.networkMayFail = true;
  const line = watcher.page.getByTestId('header-line');
  await line.evaluate((element) => {
    const said: string[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => said.push(element.textContent ?? '')).observe(element, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });

  const written: string[] = [];
  const write = async (count: number) => {
    for (let at = 0; at < count; at += 1) {
      written.push(`message ${written.length + 1}`);
      await mira.say(written.at(-1) ?? '');
    }
  };
  await write(10);
  const name = await mira.node();
  const node = system.nodes.find((each) => each.name === name);
  expect(node).toBeDefined();
  await node?.kill();
  await write(10);
  // Back, and on another node; that it was soon enough, the watcher says below.
  await expect.poll(() => mira.node(), { timeout: 20_000 }).not.toBe(name);
  await expect(mira.message(written.at(-1) ?? '').locator('[data-mark=sent], [data-mark=seen]')).toBeVisible();
  await node?.restart();
  await write(5);
  await expect.poll(() => tom.texts(), { timeout: 20_000 }).toEqual(written);
  await expect.poll(() => mira.texts()).toEqual(written);
  const said = await watcher.page.evaluate(() =>
    'said' in window && Array.isArray(window.said) ? window.said.map(String) : [],
  );
  expect(said.filter((words) => words.includes('offline'))).toEqual([]);
});

test('Kafka is gone for 20 s: nothing is called sent, the banner counts, all of it arrives once and in order @nodes #14', async ({
  join,
  system,
}) => {
  test.setTimeout(180_000);
  const mira = await join(unique('Mira'));
  const tom = await joinElsewhere(join, unique('Tom'), mira);
  await mira.open(tom);
  await tom.open(mira);
  await mira.say('before');
  await expect(tom.message('before')).toBeVisible();
  for (const person of [mira, tom]) person.networkMayFail = true;

  await system.kafka?.kill();
  const goneAt = performance.now();
  const written = Array.from({ length: 5 }, (_, at) => `while gone ${at + 1}`);
  for (const text of written) await mira.say(text);
  await expect(mira.banner).toContainText('5 messages wait to be sent');
  await expect(mira.messages.locator('[data-mark=waiting]')).toHaveCount(5);
  // History is in the node's own view.
  await expect(mira.message('before')).toBeVisible();
  await expect.poll(() => performance.now() - goneAt, { timeout: 30_000 }).toBeGreaterThan(20_000);
  await expect(mira.messages.locator('[data-mark=waiting]')).toHaveCount(5);
  expect(await tom.texts()).toEqual(['before']);

  await system.kafka?.restart();
  await expect.poll(() => tom.texts(), { timeout: 60_000 }).toEqual(['before', ...written]);
  await expect(mira.messages.locator('[data-mark=waiting]')).toHaveCount(0);
  await expect(mira.banner).toBeHidden({ timeout: 60_000 });
  expect(await mira.texts()).toEqual(['before', ...written]);
});
