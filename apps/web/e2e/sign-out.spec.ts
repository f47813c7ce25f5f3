import type { Locator } from '@playwright/test';
import type { Person } from './support/person.ts';
import { expect, test, unique } from './support/test.ts';

async function askToLeave(person: Person): Promise<Locator> {
  await person.page.getByRole('button', { name: 'Settings' }).click();
  const dialog = person.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Sign out' }).click();
  await expect(dialog.getByRole('button', { name: 'Stay signed in' })).toBeVisible();
  return dialog;
}

test('signing out asks first, and a no leaves everything as it was @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const id = await mira.id();
  const dialog = await askToLeave(mira);
  await expect(dialog).toContainText('You cannot come back as the same person.');
  await expect(dialog).not.toContainText('would be lost');
  const signOut = dialog.getByRole('button', { name: 'Sign out' });
  const stay = dialog.getByRole('button', { name: 'Stay signed in' });

  await stay.click();
  await expect(stay).toBeHidden();
  await expect(signOut).toBeFocused();
  await signOut.click();
  await expect(stay).toBeVisible();
  // Escape answers the question; the next one closes the dialog.
  await mira.page.keyboard.press('Escape');
  await expect(stay).toBeHidden();
  await expect(signOut).toBeFocused();
  await mira.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await mira.isOnline();
  expect(await mira.id()).toBe(id);
});

test('signing out says how many messages would be lost, as long as there are any @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  mira.networkMayFail = true;
  // What the dialog needs is fetched when the page stands, a moment later than the page.
  await mira.page.getByRole('button', { name: 'Settings' }).click();
  await mira.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await mira.context.setOffline(true);
  for (const text of ['one', 'two']) await mira.say(text);
  const dialog = await askToLeave(mira);
  await expect(dialog).toContainText('2 messages still wait to be sent and would be lost.');
  await dialog.getByRole('button', { name: 'Sign out' }).click();
  await expect(dialog).toContainText('Parley cannot be reached.');
  await mira.context.setOffline(false);
  await expect(dialog).not.toContainText('would be lost', { timeout: 35_000 });
  await tom.open(mira);
  await expect.poll(() => tom.texts()).toEqual(['one', 'two']);
});
