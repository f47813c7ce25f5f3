import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { connect, myId, send } from './support/program.ts';
import { directConversationId } from '@parley/protocol';
import type { Person } from './support/person.ts';
import { expect, test, unique } from './support/test.ts';

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}

async function fill(url: string, person: Person): Promise<string> {
  const client = await connect(url, unique('Marguerite van den Berg-Oosterhuis de la Fontaine'));
  const conversation = directConversationId(myId(client), await person.id());
  for (const text of ['Hello, see https://example.org', '你好', 'A'.repeat(200)])
    await send(client, conversation, text);
  await client.stop();
  return conversation;
}

/**
 * Runs in the page: boxes that reach over its right edge. The page never scrolls, so nobody could get there. Text in a
 * line may: a box around it ends it with an ellipsis.
 */
function overTheEdge(): string[] {
  return [...document.querySelectorAll('body *:not(.spoken)')]
    .filter((element) => getComputedStyle(element).display !== 'inline')
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map((element) => element.outerHTML.slice(0, 80));
}

for (const colorScheme of ['light', 'dark'] as const)
  for (const width of [320, 1280])
    test(`nothing is wrong for assistive technology: ${colorScheme}, ${width} px #51 #54`, async ({
      visit,
      system,
    }) => {
      const mira = await visit(unique('Mira'), { colorScheme, viewport: { width, height: 800 } });
      await expect(mira.page.getByRole('textbox')).toBeFocused();
      const states: Record<string, string[]> = { entry: await violations(mira.page) };
      await mira.signIn();
      const conversation = await fill(system.url, mira);
      await expect(mira.conversations.first()).toContainText('3');
      states['home'] = await violations(mira.page);
      await mira.page.getByRole('button', { name: 'Settings' }).click();
      await expect(mira.page.getByRole('dialog')).toBeVisible();
      states['settings'] = await violations(mira.page);
      await mira.page.keyboard.press('Escape');
      await mira.page.locator('nav').getByRole('button', { name: 'New room' }).click();
      await expect(mira.page.getByRole('dialog')).toBeVisible();
      states['new room'] = await violations(mira.page);
      await mira.page.keyboard.press('Escape');
      await mira.page.goto(`/#/c/${conversation}`);
      await expect(mira.message('你好')).toBeVisible();
      await mira.say('mine');
      await expect(mira.message('mine')).toBeVisible();
      // Half-faded bubbles have other colours.
      await mira.page.waitForFunction(() => document.getAnimations().length === 0);
      states['conversation'] = await violations(mira.page);
      const overflowing = await mira.page.evaluate(overTheEdge);
      await mira.page.goto(`/#/c/${conversation}/details`);
      await expect(mira.page.getByRole('complementary')).toContainText('ID');
      states['details'] = await violations(mira.page);
      for (const [state, found] of Object.entries(states)) expect.soft(found, state).toEqual([]);
      expect(overflowing, 'reaches over the edge').toEqual([]);
    });

test('the language is the browser’s, can be changed, and nothing stays behind #55', async ({ visit }) => {
  const lin = await visit(unique('林'), { locale: 'zh-CN' });
  await expect(lin.page.getByRole('button', { name: '开始聊天' })).toBeVisible();
  await expect(lin.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await lin.signIn();
  await expect(lin.ownState).toHaveText('在线');
  // No Latin word but names and the brand.
  const words = await lin.page.locator('body').innerText();
  expect(
    words
      .replaceAll(lin.name, '')
      .replaceAll('Parley', '')
      .match(/[A-Za-z]{3,}/g) ?? [],
  ).toEqual(await namesIn(lin));
  await lin.page.getByRole('button', { name: '设置' }).click();
  await lin.page.getByRole('combobox', { name: '语言' }).selectOption('zh-TW');
  await expect(lin.page.getByRole('dialog')).toContainText('外觀');
  await lin.page.getByRole('combobox', { name: '語言' }).selectOption('en');
  await expect(lin.page.getByRole('dialog')).toContainText('Appearance');
  await expect(lin.page.locator('html')).toHaveAttribute('lang', 'en');
  await lin.page.reload();
  await expect(lin.ownState).toHaveText('Online');
});

// Others who are here have names of their own.
async function namesIn(person: Person): Promise<string[]> {
  const rows = await person.page.locator('nav li bdi').allInnerTexts();
  return rows.join(' ').match(/[A-Za-z]{3,}/g) ?? [];
}

test('dark and light follow the system, or what was chosen', async ({ join }) => {
  const mira = await join(unique('Mira'), { colorScheme: 'dark' });
  const lightness = () =>
    mira.page.evaluate(() => {
      const context = document.createElement('canvas').getContext('2d');
      if (context === null) return -1;
      context.fillStyle = getComputedStyle(
        document.querySelector('main')?.parentElement ?? document.body,
      ).backgroundColor;
      context.fillRect(0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data[0] ?? -1;
    });
  expect(await lightness()).toBeLessThan(60);
  await mira.page.getByRole('button', { name: 'Settings' }).click();
  await mira.page.getByText('Light', { exact: true }).click();
  expect(await lightness()).toBeGreaterThan(230);
  await mira.page.reload();
  await mira.isOnline();
  expect(await lightness()).toBeGreaterThan(230);
});

test('on a phone there is one pane at a time, with a way back, and targets for thumbs #56', async ({
  join,
  system,
}) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
  const mira = await join(unique('Mira'), phone);
  await fill(system.url, mira);
  const list = mira.page.getByRole('navigation');
  await mira.conversations.first().locator('a').tap();
  await expect(list).toBeHidden();
  await expect(mira.composer).toBeVisible();
  expect(
    await mira.composer.evaluate((area) => Number.parseFloat(getComputedStyle(area).fontSize)),
  ).toBeGreaterThanOrEqual(16);
  // Enter makes a new line where keys are on the screen.
  await mira.composer.fill('one');
  await mira.composer.press('Enter');
  await expect(mira.composer).toHaveValue('one\n');
  await mira.page.getByRole('button', { name: 'Send' }).tap();
  await expect(mira.message('one')).toBeVisible();
  await mira.page.getByRole('link', { name: 'Details' }).tap();
  await expect(mira.composer).toBeHidden();
  await mira.page.getByRole('link', { name: 'Close details' }).tap();
  await expect(mira.composer).toBeVisible();
  await mira.page.getByRole('link', { name: 'Back to the list' }).tap();
  await expect(list).toBeVisible();
  await expect(mira.composer).toBeHidden();
  const small = await mira.page
    .locator('a:visible, button:visible, select:visible')
    .evaluateAll((targets) =>
      targets
        .filter((target) => Math.min(target.getBoundingClientRect().height, target.getBoundingClientRect().width) < 24)
        .map((target) => target.outerHTML.slice(0, 80)),
    );
  expect(small).toEqual([]);
});

test('the focus is never lost #53', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const focus = () => mira.page.evaluate(() => document.activeElement?.tagName ?? 'BODY');
  await mira.open(tom);
  await mira.say('one');
  expect(await focus()).toBe('TEXTAREA');
  await mira.page.getByRole('link', { name: 'Details' }).click();
  expect(await focus()).not.toBe('BODY');
  await mira.page.getByRole('link', { name: 'Close details' }).first().click();
  expect(await focus()).toBe('TEXTAREA');
  await mira.page.getByRole('button', { name: 'Settings' }).click();
  await expect(mira.page.getByRole('dialog')).toBeVisible();
  await mira.page.keyboard.press('Escape');
  await expect(mira.page.getByRole('dialog')).toBeHidden();
  expect(await focus()).toBe('BUTTON');
  await mira.page.goto('/#/');
  await expect.poll(focus).toBe('A');
});

test('everything is done by keyboard alone', async ({ visit, join }) => {
  const tom = await join(unique('Tom'));
  const mira = await visit(unique('Mira'));
  await expect(mira.page.getByRole('textbox')).toBeFocused();
  await mira.page.keyboard.type(mira.name);
  await mira.page.keyboard.press('Enter');
  await expect(mira.page.getByRole('searchbox')).toBeFocused();
  await mira.page.keyboard.type(tom.name);
  await expect(mira.page.getByRole('navigation').getByRole('link', { name: tom.name })).toBeVisible();
  const onRow = () => mira.page.evaluate(() => document.activeElement?.hasAttribute('data-row') === true);
  for (let press = 0; press < 4 && !(await onRow()); press += 1) await mira.page.keyboard.press('Tab');
  await mira.page.keyboard.press('Enter');
  await expect(mira.composer).toBeFocused();
  await mira.page.keyboard.type('by keyboard');
  await mira.page.keyboard.press('Enter');
  await expect(tom.conversations.filter({ hasText: mira.name })).toContainText('by keyboard');
});

test('new messages are said aloud apart from the list: others’, live, in one breath #52', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  const spoken = mira.page.locator('p[aria-live=polite]');
  await spoken.evaluate((element) => {
    const said: { words: string; at: number }[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => said.push({ words: element.textContent ?? '', at: performance.now() })).observe(
      element,
      {
        childList: true,
        characterData: true,
        subtree: true,
      },
    );
  });
  await mira.say('mine');
  await tom.say('one');
  await expect(spoken).toHaveText(`${tom.name}: one`);
  for (const text of ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']) await tom.say(text);
  await expect(spoken).toHaveText(/\d new messages/);
  await expect(mira.message('nine')).toBeVisible();
  await expect(mira.page.getByRole('log')).toHaveAttribute('aria-live', 'off');
  const said = await mira.page.evaluate(() =>
    'said' in window ? (window.said as { words: string; at: number }[]) : [],
  );
  expect(said.filter(({ words }) => words.includes('mine'))).toEqual([]);
  for (const [at, { at: moment }] of said.entries()) expect(moment - (said[at - 1]?.at ?? -1_000)).toBeGreaterThan(900);
});
