import { expect, test, unique } from './support/test.ts';

test('who comes is seen within a second #5', async ({ join, visit }) => {
  const mira = await join(unique('Mira'));
  const tom = await visit(unique('Tom'));
  await tom.page.getByRole('textbox').fill(tom.name);
  const started = performance.now();
  await tom.page.keyboard.press('Enter');
  const row = mira.people.filter({ hasText: tom.name });
  await expect(row).toContainText('online', { timeout: 2_000 });
  // From the key: signing in, connecting and being seen.
  expect(performance.now() - started).toBeLessThan(1_000);
});

test('a closed page is offline after 10 s and before 20 s; a reload shows nobody anything @nodes #6', async ({
  join,
}) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  const line = mira.page.getByTestId('header-line');
  await expect(line).toContainText('online');

  // Every word that the line ever says.
  await line.evaluate((element) => {
    const said: string[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => said.push(element.textContent ?? '')).observe(element, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await tom.page.reload();
  await tom.isOnline();
  await mira.page.waitForFunction(() => true);

  const closed = performance.now();
  await tom.page.close();
  await expect(line).toContainText('offline', { timeout: 20_000 });
  const after = performance.now() - closed;
  expect(after).toBeGreaterThan(9_900);
  expect(after).toBeLessThan(20_000);
  const said = await mira.page.evaluate(() => ('said' in window ? window.said : []));
  expect(said).toEqual([expect.stringContaining('offline')]);
});

test('the count says whether oneself is in it, and agrees with the list', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const people = mira.page.getByRole('region', { name: /^People/ });
  const agrees = () =>
    expect(async () => {
      const here = await mira.people.filter({ hasNotText: /ago|offline|just now/ }).count();
      await expect(people.getByRole('heading')).toHaveText(
        here === 0 ? 'People' : here === 1 ? 'People1 other online' : `People${here} others online`,
        { timeout: 200 },
      );
    }).toPass();
  await agrees();
  const tom = await join(unique('Tom'));
  await expect(mira.people.filter({ hasText: tom.name })).toContainText('online');
  await agrees();
});

test('of two tabs one may close #7', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const second = await tom.context.newPage();
  await second.goto('/');
  await second.locator('[data-testid=own-state][data-state=online]').waitFor();
  await mira.open(tom);
  await tom.page.close();
  const line = mira.page.getByTestId('header-line');
  // Longer than the grace: a presence that was going to fall has fallen.
  await expect(async () => expect(await line.textContent()).toContain('offline')).not.toPass({
    timeout: 12_000,
    intervals: [250],
  });
  await second.close();
});
