import { type BrowserContextOptions, test as base, expect } from '@playwright/test';
import { Person, reportViolations, watchTroubles } from './person.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';

interface Fixtures {
  /** A new person: own browser profile, own page, signed in. */
  join: (name: string, options?: JoinOptions) => Promise<Person>;
  /** A page that is not signed in. */
  visit: (name: string, options?: JoinOptions) => Promise<Person>;
}

export interface JoinOptions extends BrowserContextOptions {
  /** Where to go first, from the root. */
  path?: string;
}

export const test = base.extend<Fixtures, SystemOptions & { system: System }>({
  kind: ['embedded', { option: true, scope: 'worker' }],
  system: [
    async ({ kind }, use) => {
      const system = await startSystem(kind);
      await use(system);
      await system.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  visit: async ({ browser, system }, use) => {
    const persons: Person[] = [];
    await use(async (name, { path = '/', ...options } = {}) => {
      const context = await browser.newContext({ baseURL: system.url, ...options });
      await context.addInitScript(reportViolations);
      const person = new Person(name, await context.newPage());
      watchTroubles(person, new URL(system.url).origin);
      persons.push(person);
      await person.page.goto(path);
      return person;
    });
    for (const person of persons) await person.context.close();
    for (const person of persons) expect.soft(person.troubles, `troubles of ${person.name}`).toEqual([]);
  },
  join: async ({ visit }, use) => {
    await use(async (name, options) => {
      const person = await visit(name, options);
      await person.signIn();
      return person;
    });
  },
});

export { expect };

let counter = 0;
/** A name that nobody had before: tests share one Parley. */
export function unique(name: string): string {
  counter += 1;
  return `${name} ${process.pid.toString(36)}${counter}`;
}
