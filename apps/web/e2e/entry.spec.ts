import { expect, test, unique } from './support/test.ts';

test('a name and Enter, and one is in within a second #1 #2', async ({ visit }) => {
  const mira = await visit(unique('Mira'));
  await expect(mira.page.getByRole('textbox')).toBeFocused();
  await mira.page.keyboard.type(mira.name);
  const started = performance.now();
  await mira.page.keyboard.press('Enter');
  await expect(mira.ownState).toHaveAttribute('data-state', 'online', { timeout: 1_000 });
  expect(performance.now() - started).toBeLessThan(1_000);
  const row = mira.page.getByTestId('own-row');
  await expect(row).toContainText(mira.name);
  await expect(row).toContainText('you');
  await expect(mira.ownState).toHaveText('Online');
});

test('a name that cannot be used is refused in words, and the text stays', async ({ visit }) => {
  const nobody = await visit('nobody');
  const field = nobody.page.getByRole('textbox');
  await expect(field).toBeFocused();
  await nobody.page.keyboard.press('Enter');
  await expect(nobody.page.getByRole('status')).toHaveText('Type a name first.');
  await field.fill('x'.repeat(65));
  await nobody.page.keyboard.press('Enter');
  await expect(nobody.page.getByRole('status')).toContainText('too long');
  await expect(field).toHaveValue('x'.repeat(65));
  await expect(field).toHaveAttribute('aria-invalid', 'true');
});

test('without a relay the page says so in words @one-node', async ({ visit, system }) => {
  const early = await visit('early');
  early.networkMayFail = true;
  await expect(early.page.getByRole('textbox')).toBeFocused();
  const [node] = system.nodes;
  await node?.kill();
  await early.page.getByRole('textbox').fill('early');
  await early.page.keyboard.press('Enter');
  await expect(early.page.getByRole('status')).toContainText('cannot be reached');
  await node?.restart();
  await early.page.keyboard.press('Enter');
  await early.isOnline();
});

test('a reload keeps who one is, what is open, and the draft #3 #48', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await mira.composer.fill('half a thou');
  const id = await mira.id();
  await expect
    .poll(() => mira.page.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('parley.draft.'))))
    .toBe(true);
  await mira.page.reload();
  await mira.isOnline();
  await expect(mira.page.locator('main h1')).toContainText(tom.name);
  await expect(mira.composer).toHaveValue('half a thou');
  expect(await mira.id()).toBe(id);
});

test('two people of one name can be told apart #4', async ({ join }) => {
  const name = unique('Wang');
  const one = await join(name);
  const other = await join(name);
  const watcher = await join(unique('Mira'));
  const rows = watcher.people.filter({ hasText: name });
  await expect(rows).toHaveCount(2);
  const marks = [(await one.id()).slice(2, 6), (await other.id()).slice(2, 6)];
  for (const mark of marks) await expect(rows.filter({ hasText: mark })).toHaveCount(1);
});

test('signing out ends it here: the next one is somebody else', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const id = await mira.id();
  await mira.page.getByRole('button', { name: 'Settings' }).click();
  await mira.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(mira.page.getByRole('textbox', { name: 'Your name' })).toBeFocused();
  await mira.signIn();
  expect(await mira.id()).not.toBe(id);
});

test('another name is seen by the others at once', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const renamed = unique('Tomas');
  await tom.page.getByRole('button', { name: 'Settings' }).click();
  await tom.page.getByRole('textbox', { name: 'Your name' }).fill(renamed);
  await tom.page.getByRole('button', { name: 'Save' }).click();
  await expect(mira.people.filter({ hasText: renamed })).toBeVisible();
  await tom.page.keyboard.press('Escape');
  await expect(tom.page.getByTestId('own-row')).toContainText(renamed);
});
