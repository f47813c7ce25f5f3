import type { Person } from './support/person.ts';
import { expect, test, unique } from './support/test.ts';

async function createRoom(person: Person, name: string, kind: 'Public' | 'Private'): Promise<void> {
  await person.page.locator('nav').getByRole('button', { name: 'New room' }).click();
  await expect(person.page.getByRole('textbox', { name: 'Name of the room' })).toBeFocused();
  await person.page.keyboard.type(name);
  await person.page.getByText(kind, { exact: true }).click();
  await person.page.getByRole('button', { name: 'Create room' }).click();
  await expect(person.page.locator('main h1')).toHaveText(name);
}

test('a public room is found, joined, talked in, renamed and left', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const name = unique('Garden');
  await createRoom(mira, name, 'Public');
  await expect(mira.page.getByTestId('header-line')).toContainText('1 member');

  await tom.page.getByRole('button', { name: 'Public rooms' }).click();
  await tom.page
    .getByRole('dialog')
    .locator('li')
    .filter({ hasText: name })
    .getByRole('button', { name: 'Join' })
    .click();
  await expect(tom.page.locator('main h1')).toHaveText(name);
  await expect(mira.page.getByTestId('timeline')).toContainText(`${tom.name} came in`);
  await expect(mira.page.getByTestId('header-line')).toContainText('2 members');
  await tom.say('hello room');
  await expect(mira.message('hello room')).toContainText(tom.name);
  await expect(mira.conversations.filter({ hasText: name })).toContainText(`${tom.name}: hello room`);

  await mira.page.getByRole('link', { name: 'Details' }).click();
  await expect(mira.page.getByTestId('members').locator('li')).toHaveCount(2);
  const renamed = unique('Orchard');
  await mira.page.getByRole('textbox', { name: 'Name of the room' }).fill(renamed);
  await mira.page.getByRole('button', { name: 'Rename' }).click();
  await expect(tom.page.locator('main h1')).toHaveText(renamed);

  await tom.page.getByRole('link', { name: 'Details' }).click();
  await tom.page.getByRole('button', { name: 'Leave room' }).click();
  await tom.page.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(mira.page.getByTestId('timeline')).toContainText(`${tom.name} left`);
  await expect(mira.page.getByTestId('members').locator('li')).toHaveCount(1);
});

test('a private room opens only to its invite link, which also works before the sign-in', async ({ join, visit }) => {
  const mira = await join(unique('Mira'));
  const name = unique('Secret');
  await createRoom(mira, name, 'Private');
  await mira.say('only for us');
  await mira.page.getByRole('link', { name: 'Details' }).click();
  await mira.page.getByRole('button', { name: 'Make an invite link' }).click();
  const link = await mira.page.getByTestId('invite-link').inputValue();
  expect(link).toContain('/#/invite/r_');

  const ann = await join(unique('Ann'));
  await ann.page.getByRole('button', { name: 'Public rooms' }).click();
  await expect(ann.page.getByRole('dialog')).toBeVisible();
  await expect(ann.page.getByRole('dialog')).not.toContainText(name);
  await ann.page.keyboard.press('Escape');
  await ann.page.goto(`/#/c/${mira.conversation()}`);
  await ann.page.getByRole('button', { name: 'Join' }).click();
  await expect(ann.page.locator('main')).toContainText('There is no such room, or it is private.');

  const path = link.slice(link.indexOf('/#'));
  const tom = await visit(unique('Tom'), { path });
  // The token is nobody's business on the way.
  const asked: string[] = [];
  tom.page.on('request', (request) => asked.push(request.url()));
  await expect(tom.page.getByText('You are invited to a room')).toBeVisible();
  await tom.signIn();
  await expect(tom.page.locator('main h1')).toHaveText(name);
  await tom.say('here I am');
  await expect(mira.message('here I am')).toBeVisible();
  expect(asked.filter((url) => url.includes(path.split('/').at(-1) ?? '?'))).toEqual([]);

  await mira.page.getByRole('button', { name: 'Replace' }).click();
  await expect(mira.page.getByTestId('invite-link')).not.toHaveValue(link);
  await ann.page.goto(path);
  await expect(ann.page.locator('main')).toContainText('This invite link has ended');
});

test('people and rooms are found by name', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Zbigniew'));
  const name = unique('Zither club');
  await createRoom(tom, name, 'Public');
  await mira.page.getByRole('searchbox').fill('z');
  await expect(mira.page.getByRole('navigation')).toContainText(name);
  await mira.page.getByRole('searchbox').fill(tom.name);
  await mira.page.getByRole('link', { name: tom.name }).first().click();
  await expect(mira.page.locator('main h1')).toContainText(tom.name);
  await expect(mira.page.getByRole('searchbox')).toHaveValue('');
});

test('back and forward go through what was open', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  const ann = await join(unique('Ann'));
  await mira.open(tom);
  await mira.open(ann);
  await mira.page.goBack();
  await expect(mira.page.locator('main h1')).toContainText(tom.name);
  await mira.page.goForward();
  await expect(mira.page.locator('main h1')).toContainText(ann.name);
});
