import type { Page } from '@playwright/test';
import { Person } from './support/person.ts';
import { expect, test, unique } from './support/test.ts';

/** What all tabs of this browser find as the draft. */
const kept = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith('parley.draft.'))
      .map((key) => localStorage.getItem(key) ?? ''),
  );

/** Another tab of the same browser, at the same place. */
async function otherTab(person: Person): Promise<Person> {
  const tab = new Person(person.name, await person.context.newPage());
  await tab.page.goto(person.page.url());
  await tab.isOnline();
  await expect(tab.composer).toBeVisible();
  return tab;
}

for (const isFirst of [true, false])
  test(`what is sent in a tab opened ${isFirst ? 'before' : 'after'} takes nothing from what is begun in another #48 @one-node`, async ({
    join,
  }) => {
    const mira = await join(unique('Mira'));
    const tom = await join(unique('Tom'));
    await mira.open(tom);
    const early = isFirst ? await otherTab(mira) : undefined;
    await mira.composer.fill('half a thought');
    await expect.poll(() => kept(mira.page)).toEqual(['half a thought']);
    const other = early ?? (await otherTab(mira));
    await expect(other.composer).toHaveValue(isFirst ? '' : 'half a thought');
    await other.composer.fill('something else');
    await expect.poll(() => kept(mira.page)).toEqual(['something else']);
    await other.composer.press('Enter');
    await expect(other.message('something else').locator('[data-mark=sent]')).toBeVisible();
    await expect.poll(() => kept(mira.page)).toEqual([]);
    await mira.page.reload();
    await expect(mira.composer).toHaveValue('half a thought');

    // Sent here, it is gone everywhere.
    await mira.composer.press('Enter');
    await expect(mira.message('half a thought').locator('[data-mark=sent]')).toBeVisible();
    await mira.page.reload();
    await expect(mira.message('half a thought')).toBeVisible();
    await expect(mira.composer).toHaveValue('');
    expect(await kept(mira.page)).toEqual([]);
  });

test('sending in one tab leaves what another tab wrote last @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await mira.composer.fill('first');
  await expect.poll(() => kept(mira.page)).toEqual(['first']);
  const other = await otherTab(mira);
  await other.composer.fill('second');
  await expect.poll(() => kept(mira.page)).toEqual(['second']);
  await mira.composer.press('Enter');
  await expect(mira.message('first').locator('[data-mark=sent]')).toBeVisible();
  await mira.page.reload();
  await expect(mira.message('first')).toBeVisible();
  expect(await kept(mira.page)).toEqual(['second']);
});

test('a draft that a closed tab left is removed by emptying it @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  const other = await otherTab(mira);
  await mira.composer.fill('not any more');
  await expect.poll(() => kept(other.page)).toEqual(['not any more']);
  await mira.page.close();
  await other.page.reload();
  await expect(other.composer).toHaveValue('not any more');
  await other.composer.fill('');
  await expect.poll(() => kept(other.page)).toEqual([]);
});
