import type { Browser } from '@playwright/test';
import type { Person } from './support/person.ts';
import { expect, test, unique } from './support/test.ts';

/** Makes a room, and there writes what is refused, because another device has left the room meanwhile. */
async function writeTooLate(person: Person, browser: Browser, texts: readonly string[]): Promise<void> {
  const { page, context } = person;
  const room = unique('Short-lived');
  await page.locator('nav').getByRole('button', { name: 'New room' }).click();
  await page.getByRole('textbox', { name: 'Name of the room' }).fill(room);
  await page.getByRole('button', { name: 'Create room' }).click();
  await expect(page.locator('main h1')).toHaveText(room);
  const other = await browser.newContext({ storageState: await context.storageState() });
  const device = await other.newPage();
  await device.goto(`${new URL(page.url()).origin}/#/c/${person.conversation()}/details`);
  await device.getByRole('button', { name: 'Leave room' }).click();
  person.networkMayFail = true;
  await context.setOffline(true);
  for (const text of texts) await person.say(text);
  await person.composer.fill('half a thought');
  await device.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(device).toHaveURL(/#\/$/);
  await other.close();
  await context.setOffline(false);
}

test('out of the room a failed message offers only what can work there #17 #53 @one-node', async ({
  join,
  browser,
}) => {
  const mira = await join(unique('Mira'));
  await writeTooLate(mira, browser, ['one', 'two']);
  for (const text of ['one', 'two']) {
    await expect(mira.message(text)).toContainText('Not sent: you are not in this room.');
    await expect(mira.message(text).getByRole('button')).toHaveText(['Delete']);
  }
  await expect(mira.composer).toBeHidden();
  await mira.message('one').getByRole('button', { name: 'Delete' }).click();
  await expect(mira.message('one')).toBeHidden();
  await expect(mira.page.getByTestId('timeline')).toBeFocused();
});

test('back in the room a failed message says what was, and can be sent, or edited behind what stands there #17 @one-node', async ({
  join,
  browser,
}) => {
  const mira = await join(unique('Mira'));
  await writeTooLate(mira, browser, ['one', 'two', 'three']);
  await mira.page.getByRole('button', { name: 'Join again' }).click();
  await expect(mira.composer).toHaveValue('half a thought');
  for (const text of ['one', 'two', 'three']) {
    await expect(mira.message(text)).toContainText('Not sent: you were not in this room.');
    await expect(mira.message(text).getByRole('button')).toHaveText(['Send again', 'Edit', 'Delete']);
  }
  await mira.message('one').getByRole('button', { name: 'Send again' }).click();
  await expect(mira.message('one').locator('[data-mark=sent]')).toBeVisible();

  await mira.message('two').getByRole('button', { name: 'Edit' }).click();
  await expect(mira.message('two')).toBeHidden();
  await expect(mira.composer).toHaveValue('half a thought\ntwo');
  await expect(mira.composer).toBeFocused();
  await mira.message('three').getByRole('button', { name: 'Edit' }).click();
  await expect(mira.composer).toHaveValue('half a thought\ntwo\nthree');
  await mira.composer.press('Enter');
  await expect.poll(() => mira.texts()).toEqual(['one', 'half a thought\ntwo\nthree']);
});
