import { type BrowserContext, type Locator, type Page, expect } from '@playwright/test';

/** Somebody at a page. */
export class Person {
  readonly name: string;
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page: errors, reports of the security policy, requests to other origins. */
  readonly troubles: string[] = [];
  /** While servers die or the network is cut, failed requests are no trouble. */
  networkMayFail = false;

  constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
    this.context = page.context();
  }

  get composer(): Locator {
    return this.page.locator('[data-focus=composer]');
  }

  get people(): Locator {
    return this.page.getByTestId('people').locator('li');
  }

  get conversations(): Locator {
    return this.page.getByTestId('conversations').locator('li');
  }

  /** Own conversations among what a search found. */
  get conversationSearch(): Locator {
    return this.page.getByRole('region', { name: 'Conversations' }).locator('li');
  }

  get messages(): Locator {
    return this.page.getByTestId('timeline').locator('article');
  }

  message(text: string): Locator {
    return this.messages.filter({ has: this.page.getByText(text, { exact: true }) });
  }

  get ownState(): Locator {
    return this.page.getByTestId('own-state');
  }

  get banner(): Locator {
    return this.page.getByTestId('connection-banner');
  }

  async signIn(): Promise<void> {
    await this.page.getByRole('textbox').fill(this.name);
    await this.page.keyboard.press('Enter');
    await this.isOnline();
  }

  async isOnline(): Promise<void> {
    await expect(this.ownState).toHaveAttribute('data-state', 'online');
    await expect(this.ownState).toHaveAttribute('data-node', /./);
  }

  /** The node that serves this page. */
  async node(): Promise<string> {
    return (await this.ownState.getAttribute('data-node')) ?? '';
  }

  /** Opens the conversation of the two. */
  async open(other: Person): Promise<void> {
    await this.people.filter({ hasText: other.name }).locator('a').click();
    await expect(this.page.locator('main h1')).toContainText(other.name);
    await expect(this.composer).toBeFocused();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Texts of the messages that are drawn, in order. */
  async texts(): Promise<string[]> {
    return this.page.getByTestId('timeline').locator('article [data-text]').allTextContents();
  }

  /** The id that others see. */
  async id(): Promise<string> {
    const answer: unknown = await (await this.context.request.get('/api/session')).json();
    const found = /"id":"(u_[\w-]+)"/.exec(JSON.stringify(answer));
    if (found?.[1] === undefined) throw new Error(`${this.name} is not signed in`);
    return found[1];
  }

  /** Id of the conversation that is open. */
  conversation(): string {
    return /#\/c\/([^/]+)/.exec(this.page.url())?.[1] ?? '';
  }
}

const NETWORK = /Failed to load resource|WebSocket connection to|ERR_/;

/** Writes down what must never happen in a page. */
export function watchTroubles(person: Person, origin: string): void {
  const { page, troubles } = person;
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (person.networkMayFail && NETWORK.test(message.text())) return;
    troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== origin)
      troubles.push(`request to ${url.origin}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) troubles.push(`socket to ${socket.url()}`);
  });
}

/** Runs in the page before anything else: the policy's reports become errors of the console. */
export function reportViolations(): void {
  document.addEventListener('securitypolicyviolation', (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
  });
}
