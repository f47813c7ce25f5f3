import { expect, test, unique } from './support/test.ts';

test('cut off, who was online is shown by a third shape, and the words stand apart @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  const line = mira.page.getByTestId('header-line');
  const mark = line.locator('[data-state=online] [aria-hidden]');
  const shape = () =>
    mark.evaluate((element) => {
      const { borderTopWidth, borderTopLeftRadius, backgroundColor } = getComputedStyle(element);
      return { border: borderTopWidth, radius: borderTopLeftRadius, isFilled: !backgroundColor.endsWith(' 0)') };
    });
  await expect(line).toHaveText('online');
  expect(await shape()).toEqual({ border: '0px', radius: '50%', isFilled: true });
  mira.networkMayFail = true;
  await mira.context.setOffline(true);
  await expect(line).toHaveText('online (may be out of date)', { timeout: 20_000 });
  expect(await shape()).toEqual({ border: '0px', radius: '0px', isFilled: false });
  await mira.context.setOffline(false);
  await expect(line).toHaveText('online');
});

test('at any width the mark of delivery stands beside the last word @one-node', async ({ join }) => {
  const mira = await join(unique('Mira'), { viewport: { width: 390, height: 844 } });
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  for (const text of [
    'We could meet at the station at nine, or a little later if you like',
    '我们明天九点在车站见面，晚一点也可以，看你方便',
  ]) {
    await mira.say(text);
    const row = mira.message(text);
    await expect(row.locator('[data-mark=sent]')).toBeVisible();
    const alone: number[] = [];
    for (let width = 320; width <= 480; width += 2) {
      await mira.page.setViewportSize({ width, height: 844 });
      const isBeside = await row.evaluate((element) => {
        const words = document.createRange();
        const span = element.querySelector('[data-text]');
        if (span !== null) words.selectNodeContents(span);
        const last = [...words.getClientRects()].at(-1);
        const mark = element.querySelector('[data-mark] svg')?.getBoundingClientRect();
        if (last === undefined || mark === undefined) throw new Error('nothing is drawn');
        return mark.top < last.bottom && mark.bottom > last.top && mark.left >= last.right;
      });
      if (!isBeside) alone.push(width);
    }
    expect(alone).toEqual([]);
  }
});

test('a relay that takes nobody for now: the page says so, is busy, and comes in by itself @one-node', async ({
  visit,
}) => {
  const mira = await visit(unique('Mira'));
  mira.networkMayFail = true;
  let refusals = 0;
  await mira.page.route('**/api/session', (route) => {
    if (route.request().method() !== 'POST' || refusals === 2) return route.continue();
    refusals += 1;
    return route.fulfill({ status: 503, headers: { 'retry-after': '1' }, json: { code: 'unavailable' } });
  });
  await mira.page.getByRole('textbox').fill(mira.name);
  await mira.page.keyboard.press('Enter');
  await expect(mira.page.getByRole('status')).toContainText('Parley cannot take new people right now');
  const button = mira.page.getByRole('button', { name: 'Trying again…' });
  await expect(button).toHaveAttribute('aria-busy', 'true');
  await mira.isOnline();
  expect(refusals).toBe(2);
});

test('another name while the relay takes nobody: the former one is not asked for any more @one-node', async ({
  visit,
}) => {
  const mira = await visit(unique('Mira'));
  mira.networkMayFail = true;
  const asked: unknown[] = [];
  await mira.page.route('**/api/session', (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const body: unknown = route.request().postDataJSON();
    asked.push(body);
    if (asked.length > 1) return route.continue();
    return route.fulfill({ status: 503, json: { code: 'unavailable' } });
  });
  const field = mira.page.getByRole('textbox');
  await field.fill('Former');
  await field.press('Enter');
  await expect(mira.page.getByRole('status')).toContainText('right now');
  await field.fill(mira.name);
  await expect(mira.page.getByRole('button', { name: 'Start talking' })).toHaveAttribute('aria-busy', 'false');
  await field.press('Enter');
  await mira.isOnline();
  expect(asked).toEqual([{ name: 'Former' }, { name: mira.name }]);
});
