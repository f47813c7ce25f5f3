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
  await expect(mira.page.getByTestId('timeline')).toContainText(`${tom.name} joined the room`);
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
  for (const [person, words] of [
    [mira, ['You made this room', `${tom.name} joined the room`, `You renamed the room to ${renamed}`]],
    [tom, [`${mira.name} made this room`, 'You joined the room', `${mira.name} renamed the room to ${renamed}`]],
  ] as const)
    for (const said of words) await expect(person.page.getByTestId('timeline')).toContainText(said);

  await tom.page.getByRole('link', { name: 'Details' }).click();
  await tom.page.getByRole('button', { name: 'Leave room' }).click();
  await expect(tom.conversations).toHaveCount(1);
  await tom.page.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(tom.page.getByTestId('conversations')).toBeHidden({ timeout: 1_000 });
  await expect(tom.page).toHaveTitle('Parley');
  // What one saw stays readable, for whoever looks for it.
  await tom.page.getByRole('searchbox').fill(renamed);
  await expect(tom.conversationSearch.filter({ hasText: renamed })).toHaveCount(1);
  await expect(mira.page.getByTestId('timeline')).toContainText(`${tom.name} left the room`);
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

  const replace = mira.page.getByRole('button', { name: 'Replace', exact: true });
  await replace.click();
  await expect(mira.page.getByText('The old link stops working at once.')).toBeVisible();
  await mira.page.getByRole('button', { name: 'Keep it' }).click();
  await expect(replace).toBeFocused();
  await expect(mira.page.getByTestId('invite-link')).toHaveValue(link);
  await replace.click();
  await mira.page.getByRole('button', { name: 'Replace the link' }).click();
  await expect(mira.page.getByTestId('invite-link')).not.toHaveValue(link);
  await expect(replace).toBeFocused();
  await ann.page.goto(path);
  await expect(ann.page.locator('main')).toContainText('This invite link is not valid');
});

test('an invite link that was cut short, changed or has ended says what is wrong and what to do', async ({
  join,
  visit,
}) => {
  const mira = await join(unique('Mira'));
  const name = unique('Secret');
  await createRoom(mira, name, 'Private');
  await mira.page.getByRole('link', { name: 'Details' }).click();
  await mira.page.getByRole('button', { name: 'Make an invite link' }).click();
  const link = await mira.page.getByTestId('invite-link').inputValue();
  const path = link.slice(link.indexOf('/#'));

  const tom = await visit(unique('Tom'), { path: path.slice(0, -5) });
  await expect(tom.page.getByText('This invite link is not complete')).toBeVisible();
  await tom.signIn();
  await expect(tom.page.locator('main')).toContainText('This invite link is not complete');
  await expect(tom.page.locator('main')).toContainText('copy the whole link');
  for (const wrong of ['/#/invite', `${path}abc`, '/#/invite/r_x/y']) {
    await tom.page.goto(wrong);
    await expect(tom.page.locator('main')).toContainText('This invite link is not complete');
  }
  await tom.page.getByRole('button', { name: 'To my conversations' }).click();
  await expect(tom.page.locator('main')).toContainText('Pick somebody and write');

  const swapped = path.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
  await tom.page.goto(swapped);
  await expect(tom.page.locator('main')).toContainText('This invite link is not valid');
  await expect(tom.page.locator('main')).toContainText('ask for a new one');
  const elsewhere = path.replace(/r_.{6}/, 'r_AAAAAA');
  await tom.page.goto(elsewhere);
  await expect(tom.page.locator('main')).toContainText('This invite link is not valid');

  // A sentence around the link is no part of it.
  await tom.page.goto(`${path}).`);
  await expect(tom.page.locator('main h1')).toHaveText(name);
});

test('who left a private room is told what it takes to come back, not offered what cannot work', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const name = unique('Secret');
  await createRoom(mira, name, 'Private');
  const room = mira.conversation();
  await mira.page.getByRole('link', { name: 'Details' }).click();
  await mira.page.getByRole('button', { name: 'Make an invite link' }).click();
  const link = await mira.page.getByTestId('invite-link').inputValue();
  await mira.page.getByRole('button', { name: 'Leave room' }).click();
  await mira.page.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(mira.page).toHaveURL(/#\/$/);
  await mira.page.goto(`/#/c/${room}`);
  const main = mira.page.getByRole('main');
  await expect(main).toContainText('You left this room. To come back you need an invite link.');
  await expect(main.getByRole('button')).toHaveCount(0);
  await mira.page.goto(link.slice(link.indexOf('/#')));
  await expect(main.locator('h1')).toHaveText(name);
  await mira.say('back again');
  await expect(mira.message('back again').locator('[data-mark=sent]')).toBeVisible();
});

test('the field for the name of a room follows the others, but never takes away what one types', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await createRoom(mira, unique('Garden'), 'Public');
  await mira.page.getByRole('link', { name: 'Details' }).click();
  await tom.page.goto(`/#/c/${mira.conversation()}/details`);
  await tom.page.getByRole('main').getByRole('button', { name: 'Join' }).click();
  const fieldOf = (person: Person) => person.page.getByRole('textbox', { name: 'Name of the room' });
  const rename = async (person: Person, name: string) => {
    await fieldOf(person).fill(name);
    await person.page.getByRole('button', { name: 'Rename' }).click();
    await expect(person.page.locator('main h1')).toHaveText(name);
  };
  await expect(fieldOf(tom)).toBeVisible();
  const [first, second, third] = [unique('Orchard'), unique('Meadow'), unique('Forest')];
  await rename(mira, first);
  await expect(fieldOf(tom)).toHaveValue(first);

  await fieldOf(tom).fill('half a na');
  await rename(mira, second);
  await expect(tom.page.locator('main h1')).toHaveText(second);
  await expect(fieldOf(tom)).toHaveValue('half a na');
  // Who has renamed it follows again, too.
  await rename(tom, third);
  await expect(fieldOf(tom)).toHaveValue(third);
  await expect(fieldOf(mira)).toHaveValue(third);
});

test('a search marks what is open once', async ({ join }) => {
  const mira = await join(unique('Mira'));
  const tom = await join(unique('Tom'));
  await mira.open(tom);
  const search = mira.page.getByRole('searchbox');
  const marked = mira.page.getByRole('navigation').locator('[aria-current=page]');
  const people = mira.page.getByRole('region', { name: 'People' });
  // Not a conversation yet.
  await search.fill(tom.name);
  await expect(people.locator('[aria-current=page]')).toHaveCount(1);
  await expect(marked).toHaveCount(1);
  await search.fill('');
  await mira.say('hello');
  await expect(mira.message('hello').locator('[data-mark=sent]')).toBeVisible();
  await search.fill(tom.name);
  await expect(mira.conversationSearch.locator('[aria-current=page]')).toHaveCount(1);
  await expect(people.getByRole('link', { name: tom.name })).toBeVisible();
  await expect(marked).toHaveCount(1);
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
