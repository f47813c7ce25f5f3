import { expect, test, unique } from './support/test.ts';

test('two people talk, both ways, and see what was read', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await mira.say('Good morning');
  await expect(tom.conversations.filter({ hasText: mira.name })).toContainText('Good morning');
  await tom.open(mira);
  await expect(tom.message('Good morning')).toBeVisible();
  await expect(mira.message('Good morning').locator('[data-mark=seen]')).toBeVisible();
  await tom.say('早上好！');
  await expect(mira.message('早上好！')).toBeVisible();
  await mira.say('又见面了');
  await expect.poll(() => tom.texts()).toEqual(['Good morning', '早上好！', '又见面了']);
  expect(await mira.texts()).toEqual(['Good morning', '早上好！', '又见面了']);
});

test('Enter sends: the row is there at once, and stays the same element when it is in the log #11 #12', async ({
  join,
}) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  const tries: Sending[] = [];
  for (const text of ['one', 'two', 'three']) {
    await mira.composer.fill(text);
    tries.push(await mira.page.evaluate(watchSending));
    await expect(mira.composer).toHaveValue('');
    await expect(mira.composer).toBeFocused();
  }
  for (const sending of tries) {
    // 50 ms at 60 frames a second; in frames, because a busy machine draws fewer of them.
    expect(sending.frames).toBeLessThanOrEqual(3);
    expect(sending.same).toBe(true);
    // It slides in by 4 px; the answer moves nothing.
    expect(Math.abs(sending.moved)).toBeLessThanOrEqual(5);
  }
});

interface Sending {
  /** From the key to the row. */
  frames: number;
  /** Pixels from the first sight of the row to its ack. */
  moved: number;
  /** The row was one element all the time. */
  same: boolean;
}

/** Runs in the page: presses Enter and follows the new row frame by frame until it is acknowledged. */
function watchSending(): Promise<Sending> {
  return new Promise((resolve) => {
    const before = new Set(document.querySelectorAll('article'));
    let frames = 0;
    let first: { row: Element; frames: number; top: number } | undefined;
    const look = () => {
      const row = [...document.querySelectorAll('article')].findLast((each) => !before.has(each));
      if (row !== undefined) {
        const { top } = row.getBoundingClientRect();
        first ??= { row, frames, top };
        const mark = row.querySelector('[data-mark]')?.getAttribute('data-mark');
        if (mark === 'sent' || mark === 'seen')
          return resolve({ frames: first.frames, moved: top - first.top, same: row === first.row });
      }
      frames += 1;
      requestAnimationFrame(look);
    };
    document
      .querySelector('[data-focus=composer]')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    look();
  });
}

test('a double Enter sends once #13', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await mira.composer.fill('once');
  await Promise.all([mira.page.keyboard.press('Enter'), mira.page.keyboard.press('Enter')]);
  await mira.say('twice');
  await tom.open(mira);
  await expect.poll(() => tom.texts()).toEqual(['once', 'twice']);
});

test('Shift+Enter makes a new line #47', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await mira.page.keyboard.type('one');
  await mira.page.keyboard.press('Shift+Enter');
  await mira.page.keyboard.type('two');
  await mira.page.keyboard.press('Enter');
  await tom.open(mira);
  await expect.poll(() => tom.texts()).toEqual(['one\ntwo']);
});

test('an input method keeps its keys: Enter that ends a composition sends nothing #44', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  const cdp = await mira.context.newCDPSession(mira.page);
  const compose = (text: string) =>
    cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  const enter229 = async () => {
    await cdp.send('Input.dispatchKeyEvent', {
      type: 'rawKeyDown',
      key: 'Enter',
      code: 'Enter',
      windowsVirtualKeyCode: 229,
    });
    await cdp.send('Input.dispatchKeyEvent', {
      type: 'keyUp',
      key: 'Enter',
      code: 'Enter',
      windowsVirtualKeyCode: 229,
    });
  };

  // A plain Enter, and one with code 229, both while composing.
  await compose('nihao');
  await mira.page.keyboard.press('Enter');
  await enter229();
  await expect(mira.composer).toHaveValue(/nihao/);
  // Safari's order: the composition has ended, then the key comes.
  await cdp.send('Input.insertText', { text: '你好' });
  await enter229();
  await expect(mira.composer).toHaveValue(/你好/);
  expect(await mira.page.locator('article').count()).toBe(0);

  await mira.composer.fill('');
  await compose('zaijian');
  await cdp.send('Input.insertText', { text: '再见' });
  await expect(mira.composer).toHaveValue('再见');
  await mira.page.keyboard.press('Enter');
  await tom.open(mira);
  await expect.poll(() => tom.texts()).toEqual(['再见']);
});

test('text is shown letter by letter, whatever it looks like #18', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  const texts = [
    '<script>alert(1)</script><img src=x onerror=alert(2)>',
    'javascript:alert(3) <a href="javascript:alert(4)">x</a>',
    '长'.repeat(1_000),
    '👩‍👩‍👧‍👦 👍🏽 مرحبا بالعالم \u202Eevil\u202C',
    'a  b\n   c',
    'https://example.org/a?b=1&c=2 看 http://例子.example 。',
  ];
  for (const text of texts) await mira.say(text);
  await expect.poll(() => tom.texts()).toEqual(texts);
  const links = tom.page.locator('article a');
  await expect(links.first()).toHaveAttribute('href', 'https://example.org/a?b=1&c=2');
  for (const link of await links.all()) {
    expect(await link.getAttribute('href')).toMatch(/^https?:/);
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow');
  }
});

test('a text over the limit is stopped before it is sent, with a counter #19', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await mira.composer.fill('字'.repeat(3_900));
  await expect(mira.page.getByTestId('counter')).toHaveText('100 characters left');
  await mira.composer.fill('字'.repeat(4_003));
  await expect(mira.page.getByTestId('counter')).toHaveText('3 characters too many');
  await expect(mira.page.getByRole('button', { name: 'Send' })).toBeDisabled();
  await mira.composer.press('Enter');
  await expect(mira.composer).toHaveValue('字'.repeat(4_003));
  await mira.composer.fill('字'.repeat(4_000));
  await mira.composer.press('Enter');
  await expect(mira.message('字'.repeat(4_000)).locator('[data-mark=sent]')).toBeVisible();
});

test('what is unread is counted, in the list and in the title, until it was looked at #37 #38', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await tom.open(mira);
  for (const text of ['one', 'two', 'three']) await tom.say(text);
  const row = mira.conversations.filter({ hasText: tom.name });
  await expect(row).toContainText('3 unread');
  await expect(mira.page).toHaveTitle('(3) Parley');
  await expect(tom.message('three').locator('[data-mark=sent]')).toBeVisible();
  await mira.page.reload();
  await expect(mira.page).toHaveTitle('(3) Parley');
  const opened = performance.now();
  await mira.open(tom);
  await expect(mira.page.getByText('New', { exact: true })).toBeVisible();
  await expect(mira.page).toHaveTitle('Parley');
  // A second in view, not less.
  expect(performance.now() - opened).toBeGreaterThan(950);
  await expect(tom.message('three').locator('[data-mark=seen]')).toBeVisible();
});

test('a page that opens in a conversation counts what is unread there until it was looked at #38', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await tom.open(mira);
  for (const text of ['one', 'two', 'three']) await tom.say(text);
  await expect(mira.page).toHaveTitle('(3) Parley');
  await mira.page.goto(`/#/c/${tom.conversation()}`);
  // Read before the reload is what was in view for a second, which nothing was.
  await mira.page.reload();
  await expect(mira.page).toHaveTitle('(3) Parley');
  await expect(mira.page).toHaveTitle('Parley');
});

test('what comes while one looks is never counted as unread, not for a moment #38', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  await mira.page.evaluate(() => {
    const counts: string[] = [];
    Object.assign(window, { counts });
    new MutationObserver(() => {
      const row = document.querySelector('[data-testid=conversations] [aria-current=page]');
      if (row?.textContent?.includes('unread') === true) counts.push(row.textContent);
      if (document.title !== 'Parley') counts.push(document.title);
    }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
  });
  for (const text of ['first', 'second', 'third', 'a long one '.repeat(60).trim()]) {
    await tom.say(text);
    await expect(mira.message(text)).toBeInViewport();
  }
  // Read, so that there is nothing left to be counted later.
  await expect(tom.messages.last().locator('[data-mark=seen]')).toBeVisible();
  expect(await mira.page.evaluate(() => ('counts' in window ? window.counts : undefined))).toEqual([]);

  // Nobody looks: it counts, until somebody does.
  await mira.page.evaluate(() => {
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));
  });
  await tom.say('while away');
  await expect(mira.conversations.filter({ hasText: tom.name })).toContainText('1 unread');
  await expect(mira.page).toHaveTitle('(1) Parley');
});

test('reading in one tab clears the count in the other #39', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const second = await mira.context.newPage();
  await second.goto('/');
  await tom.open(mira);
  await tom.say('to both');
  await expect(second).toHaveTitle('(1) Parley');
  await mira.page.bringToFront();
  await mira.open(tom);
  await expect(mira.page).toHaveTitle('Parley');
  await expect(second).toHaveTitle('Parley', { timeout: 1_000 });
});

test('typing is seen, and ends with the message @nodes #50', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  await tom.open(mira);
  await mira.say('so?');
  await expect(tom.message('so?')).toBeVisible();
  const line = mira.page.getByTestId('header-line');
  await tom.page.keyboard.type('well');
  await expect(line).toHaveText('typing…', { timeout: 1_000 });
  await tom.page.keyboard.press('Enter');
  await expect(line).toContainText('online', { timeout: 1_000 });
  await tom.page.keyboard.type('and');
  await expect(line).toHaveText('typing…');
  await expect(line).toContainText('online', { timeout: 7_000 });
});

test('each conversation has its own draft #48', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const ann = await join(unique('Ann'));
  await mira.open(tom);
  await mira.composer.fill('for Tom');
  await mira.open(ann);
  await expect(mira.composer).toHaveValue('');
  await mira.composer.fill('for Ann');
  await mira.open(tom);
  await expect(mira.composer).toHaveValue('for Tom');
});
