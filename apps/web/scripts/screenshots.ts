/**
 * Makes pictures of the page's main states, each in light and dark, English and Chinese, on a desktop and a phone, into
 * `screenshots/`, and the README's one. `--readme` makes only that; names of states make only those.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type Page, chromium } from '@playwright/test';
import { directConversationId } from '@parley/protocol';
import { launchOptions } from '../e2e/support/chromium.ts';
import { startEmbeddedRelay } from '../e2e/support/embedded-relay.ts';
import { myId, send } from '../e2e/support/program.ts';
import { type Scene, playScene } from './scene.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER = `${ROOT}screenshots`;
const DESKTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LOCALES = { en: 'en-GB', zh: 'zh-CN' } as const;

interface Shot {
  name: string;
  /** Brings a signed-in page, standing at home, into the state. */
  steps(page: Page, scene: Scene, me: string): Promise<void>;
}

const list = (page: Page) => page.getByTestId('conversations').locator('a');
const openRoom = async (page: Page, name: string) => {
  await list(page).filter({ hasText: name }).click();
  await page.getByTestId('timeline').waitFor();
};

const SHOTS: readonly Shot[] = [
  { name: 'home', steps: async () => {} },
  {
    name: 'direct',
    async steps(page, scene, me) {
      const friend = scene.people.get('林晓雨');
      if (friend === undefined) return;
      await openRoom(page, '林晓雨');
      friend.typing(directConversationId(myId(friend), me));
      await page.getByTestId('header-line').filter({ hasText: '…' }).waitFor();
    },
  },
  { name: 'room', steps: (page) => openRoom(page, 'Garden plan') },
  {
    name: 'details',
    async steps(page) {
      await openRoom(page, 'Garden plan');
      await page.locator('main header a').last().click();
      await page.getByTestId('members').locator('a').first().waitFor();
    },
  },
  {
    name: 'own-room',
    async steps(page) {
      const name = 'Lesekreis am Donnerstag';
      const known = list(page).filter({ hasText: name });
      if ((await known.count()) > 0) await known.click();
      else {
        await page.locator('nav section').first().locator('header button').last().click();
        await page.getByRole('dialog').locator('input').first().fill('Lesekreis');
        await page.keyboard.press('Enter');
      }
      await page.getByTestId('timeline').waitFor();
      await page.locator('main header a').last().click();
      await page.getByTestId('members').locator('a').first().waitFor();
      await page.locator('aside input:not([readonly])').fill(name);
      await page.keyboard.press('Enter');
      await page.locator('aside section button').first().click();
      await page.getByTestId('invite-link').waitFor();
      await page.locator('aside section button').nth(1).click();
    },
  },
  {
    name: 'broken-invite',
    async steps(page, scene) {
      await page.evaluate((hash) => (location.hash = hash), scene.inviteHash.slice(0, -4));
      await page.locator('main svg').waitFor();
    },
  },
  {
    name: 'unreachable',
    async steps(page) {
      await page.context().route('**/api/session', (route) => route.abort());
      await page.context().routeWebSocket('**/ws', (socket) => void socket.close());
      await page.reload();
      await page.evaluate(() => document.documentElement.style.setProperty('--font', '"Noto Sans CJK SC", sans-serif'));
      await page.locator('main svg').waitFor();
    },
  },
  {
    name: 'search',
    async steps(page) {
      await page.getByRole('searchbox').fill('o');
      await page.locator('section').nth(1).waitFor();
    },
  },
  {
    name: 'new-room',
    async steps(page) {
      await page.locator('nav section').first().locator('header button').last().click();
      await page.getByRole('dialog').waitFor();
      await page.keyboard.type('Lesekreis');
    },
  },
  {
    name: 'public-rooms',
    async steps(page) {
      await page.locator('nav section').first().locator('header button').first().click();
      await page.getByRole('dialog').locator('li').first().waitFor();
    },
  },
  {
    name: 'settings',
    async steps(page) {
      await page.getByTestId('own-row').getByRole('button').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'offline',
    async steps(page) {
      await openRoom(page, 'Jonas');
      await page.context().setOffline(true);
      await page.locator('textarea').fill('I will fix the map tonight.');
      await page.locator('form button[type=submit]').click();
      await page.getByTestId('connection-banner').waitFor();
    },
  },
];

interface Look {
  scheme: 'light' | 'dark';
  language: keyof typeof LOCALES;
  device: 'desktop' | 'phone';
}

const looks: Look[] = (['light', 'dark'] as const).flatMap((scheme) =>
  (['en', 'zh'] as const).flatMap((language) =>
    (['desktop', 'phone'] as const).map((device) => ({ scheme, language, device })),
  ),
);

type State = Awaited<ReturnType<BrowserContext['storageState']>>;

async function open(browser: Browser, url: string, look: Look, state?: State): Promise<Page> {
  const context = await browser.newContext({
    ...(look.device === 'phone' ? PHONE : DESKTOP),
    colorScheme: look.scheme,
    locale: LOCALES[look.language],
    ...(state === undefined ? {} : { storageState: state }),
  });
  const page = await context.newPage();
  await page.goto(url);
  // A bare machine has no good interface font; people's machines have.
  await page.evaluate(() => document.documentElement.style.setProperty('--font', '"Noto Sans CJK SC", sans-serif'));
  return page;
}

async function signIn(browser: Browser, url: string): Promise<{ state: State; me: string }> {
  const page = await open(browser, url, { scheme: 'light', language: 'en', device: 'desktop' });
  await page.getByRole('textbox').fill('Mira');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=own-state][data-state=online]').waitFor();
  const context = page.context();
  const answer: unknown = await (await context.request.get(`${url}/api/session`)).json();
  const me = readId(answer);
  const state = await context.storageState();
  await context.close();
  return { state, me };
}

function readId(answer: unknown): string {
  const found = /"id":"(u_[\w-]+)"/.exec(JSON.stringify(answer));
  if (found?.[1] === undefined) throw new Error('not signed in');
  return found[1];
}

async function joinGarden(browser: Browser, url: string, state: State, scene: Scene): Promise<void> {
  const page = await open(browser, url, { scheme: 'light', language: 'en', device: 'desktop' }, state);
  await page.goto(`${url}/${scene.inviteHash}`);
  await page.getByTestId('timeline').waitFor();
  await page.locator('nav section').first().locator('header button').first().click();
  await page.getByRole('dialog').locator('li').filter({ hasText: 'Garden' }).getByRole('button').click();
  await page.locator('main h1').filter({ hasText: 'Garden' }).waitFor();
  await page.locator('textarea').fill('Three, the south bed is deep. I can fetch the third one, 我有车。');
  await page.keyboard.press('Enter');
  await page.locator('[data-mark=sent], [data-mark=seen]').waitFor();
  await page.context().close();
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

async function main(): Promise<void> {
  const readmeOnly = process.argv.includes('--readme');
  await mkdir(FOLDER, { recursive: true });
  const relay = await startEmbeddedRelay();
  const browser = await chromium.launch(launchOptions);
  try {
    const { state, me } = await signIn(browser, relay.url);
    const scene = await playScene(relay.url, me);
    await joinGarden(browser, relay.url, state, scene);
    const answer = scene.people.get('Tomás');
    const garden = answer?.getSnapshot().order[0];
    if (answer !== undefined && garden !== undefined) await send(answer, garden, 'Deal.');
    if (wanted.length === 0) await readmePicture(browser, relay.url, state);
    if (!readmeOnly) for (const look of looks) await takeAll({ browser, url: relay.url, look, state, scene, me });
    await scene.stop();
  } finally {
    await browser.close();
    await relay.stop();
  }
}

async function readmePicture(browser: Browser, url: string, state: State): Promise<void> {
  const page = await open(browser, url, { scheme: 'light', language: 'en', device: 'desktop' }, state);
  await openRoom(page, 'Garden plan');
  await page.locator('[data-mark]').first().waitFor();
  await settle(page);
  await page.screenshot({ path: `${ROOT}docs/screenshot.png` });
  await page.context().close();
}

interface TakeOptions {
  browser: Browser;
  url: string;
  look: Look;
  state: State;
  scene: Scene;
  me: string;
}

async function takeAll({ browser, url, look, state, scene, me }: TakeOptions): Promise<void> {
  const end = `${look.scheme}-${look.language}-${look.device}.png`;
  const entry = await open(browser, url, look);
  await entry.getByRole('textbox').waitFor();
  await settle(entry);
  await entry.screenshot({ path: `${FOLDER}/entry-${end}` });
  await entry.context().close();
  for (const shot of SHOTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const page = await open(browser, url, look, state);
    await list(page).first().waitFor();
    await shot.steps(page, scene, me);
    await settle(page);
    await page.screenshot({ path: `${FOLDER}/${shot.name}-${end}` });
    await page.context().close();
  }
}

/** Until nothing moves any more; what turns for ever does not count. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document
      .getAnimations()
      .filter((animation) => animation.effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}

await main();
