import { expect, test, unique } from './support/test.ts';

test('written without a network, sent by a later page, once and in order #14 #22', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  await mira.say('before');
  await expect(tom.message('before')).toBeVisible();

  mira.networkMayFail = true;
  await mira.context.setOffline(true);
  for (const text of ['one', 'two', 'three']) await mira.say(text);
  await expect(mira.banner).toContainText('You are offline.');
  await expect(mira.banner).toContainText('3 messages wait to be sent');
  await expect(mira.ownState).toHaveText('Offline');
  await expect(mira.messages.locator('[data-mark=waiting]')).toHaveCount(3);
  // What was loaded is there, and one can write on.
  await expect(mira.message('before')).toBeVisible();
  await expect(mira.composer).toBeEditable();

  const url = mira.page.url();
  await mira.page.close();
  await mira.context.setOffline(false);
  const later = await mira.context.newPage();
  await later.goto(url);
  await expect.poll(() => tom.texts()).toEqual(['before', 'one', 'two', 'three']);
  await expect(later.locator('article [data-text]')).toHaveText(['before', 'one', 'two', 'three']);
});

test('a cut network that comes back: the waiting messages go out by themselves #26', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  mira.networkMayFail = true;
  await mira.context.setOffline(true);
  await mira.say('are you there');
  await expect(mira.banner).toContainText('1 message waits to be sent');
  await mira.context.setOffline(false);
  await expect(tom.message('are you there')).toBeVisible();
  await expect(mira.banner).toBeHidden();
  await expect(mira.message('are you there').locator('[data-mark=sent], [data-mark=seen]')).toBeVisible();
});

test('a short break shows no banner #21', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  mira.networkMayFail = true;
  await mira.page.evaluate(() => {
    Object.assign(window, { seen: false });
    new MutationObserver(() => {
      if (document.querySelector('[data-testid=connection-banner]') !== null) Object.assign(window, { seen: true });
    }).observe(document.body, { childList: true, subtree: true });
  });
  await mira.context.setOffline(true);
  await mira.context.setOffline(false);
  await mira.say('still here');
  await expect(mira.message('still here').locator('[data-mark=sent]')).toBeVisible();
  expect(await mira.page.evaluate(() => 'seen' in window && window.seen)).toBe(false);
});

test('the relay dies: the banner says so, "Now" reconnects, what was written arrives once @one-node #20 #15', async ({
  join,
  system,
}) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  mira.networkMayFail = true;
  tom.networkMayFail = true;
  await mira.say('one');
  await expect(tom.message('one')).toBeVisible();
  const [node] = system.nodes;
  await node?.kill();
  await mira.say('two');
  await expect(mira.banner).toContainText('Reconnecting…', { timeout: 6_000 });
  await expect(mira.banner).toContainText('1 message waits to be sent');
  await expect(mira.page.locator('[data-presence=stale]')).toBeVisible();
  await node?.restart();
  await mira.page
    .getByRole('button', { name: 'Now' })
    .click({ timeout: 2_000 })
    .catch(() => undefined);
  await expect(mira.banner).toBeHidden();
  await expect.poll(() => tom.texts(), { timeout: 20_000 }).toEqual(['one', 'two']);
  expect(await mira.texts()).toEqual(['one', 'two']);
});

test('a page that opens while the relay is down says so instead of showing nothing, and recovers by itself @one-node', async ({
  join,
  system,
}) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  for (const person of [mira, tom]) person.networkMayFail = true;
  await mira.open(tom);
  await mira.composer.fill('half a thought');
  await expect
    .poll(() => mira.page.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('parley.draft.'))))
    .toBe(true);
  // The page itself comes, as from a browser's own store; nothing else answers.
  let isCut = true;
  await mira.context.route('**/api/**', (route) => (isCut ? route.abort() : route.continue()));
  await mira.context.routeWebSocket('**/ws', (socket) => (isCut ? socket.close() : void socket.connectToServer()));
  await mira.page.reload();
  const main = mira.page.getByRole('main');
  await expect(main).toContainText('Parley cannot be reached', { timeout: 5_000 });
  await expect(main).toContainText(/Trying again/);
  await expect(main.getByRole('button', { name: 'Try now' })).toBeVisible();
  // Nothing is claimed of what nobody knows.
  for (const claim of ['Nobody else is here', 'None yet', 'Nothing written yet'])
    await expect(mira.page.locator('body')).not.toContainText(claim);
  await mira.context.setOffline(true);
  await expect(main).toContainText('You are offline');
  await mira.context.setOffline(false);
  const [node] = system.nodes;
  await node?.kill();
  isCut = false;
  await mira.page.getByRole('button', { name: 'Try now' }).click();
  await expect(main).toContainText('Parley cannot be reached');
  await node?.restart();
  await expect(main.locator('h1')).toContainText(tom.name, { timeout: 35_000 });
  await expect(mira.composer).toHaveValue('half a thought');
  await expect(mira.composer).toBeFocused();
});

test('a relay that takes a question and never answers does not keep the page empty @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'));
  mira.networkMayFail = true;
  let isStuck = true;
  await mira.context.route('**/api/session', (route) => (isStuck ? undefined : route.continue()));
  await mira.page.reload();
  await expect(mira.page.getByRole('main')).toContainText('Connecting to Parley…', { timeout: 5_000 });
  // The socket needs no answer to that question.
  await mira.isOnline();
  isStuck = false;
});

test('what is refused for good says why, and the text can be taken back #17', async ({ join, browser }) => {
  const mira = await join(unique('Mira'));
  await mira.page.locator('nav').getByRole('button', { name: 'New room' }).click();
  await expect(mira.page.getByRole('dialog')).toBeVisible();
  await mira.page.keyboard.type('Short-lived');
  await mira.page.keyboard.press('Enter');
  await mira.say('in the room');
  await expect(mira.message('in the room').locator('[data-mark=sent]')).toBeVisible();

  // Another device of the same person leaves the room while this one is cut off.
  const other = await browser.newContext({ storageState: await mira.context.storageState() });
  const device = await other.newPage();
  await device.goto(`${new URL(mira.page.url()).origin}/#/c/${mira.conversation()}/details`);
  mira.networkMayFail = true;
  await mira.context.setOffline(true);
  await mira.say('too late');
  await device.getByRole('button', { name: 'Leave room' }).click();
  await device.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(device).toHaveURL(/#\/$/);
  await other.close();
  await mira.context.setOffline(false);

  const row = mira.message('too late');
  await expect(row).toContainText('Not sent: you are not in this room.');
  await expect(row.locator('[data-mark=failed]')).toBeVisible();
  await mira.page.getByRole('button', { name: 'Join again' }).click();
  await expect(mira.composer).toBeVisible();
  await expect(row).toContainText('Not sent: you were not in this room.');
  await expect(row.getByRole('button')).toHaveText(['Send again', 'Edit', 'Delete']);
  await row.getByRole('button', { name: 'Edit' }).click();
  await expect(row).toBeHidden();
  await expect(mira.composer).toHaveValue('too late');
  await expect(mira.composer).toBeFocused();
});

test('a page whose language cannot be loaded says so, and comes by itself when it can', async ({ visit }) => {
  const mira = await visit(unique('Mira'));
  mira.networkMayFail = true;
  const language = /\/assets\/en-[^/]+\.js$|\/locales\/en\.po/;
  await mira.page.route(language, (route) => route.abort());
  await mira.page.reload();
  await expect(mira.page.getByRole('alert')).toContainText('Parley 暂时无法加载');
  await mira.page.unroute(language);
  await expect(mira.page.getByRole('textbox')).toBeVisible({ timeout: 15_000 });
});
