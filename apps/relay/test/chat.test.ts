import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directConversationId } from '@parley/protocol';
import { connect, type Person, signIn, textsOf, untilSnapshot, untilTexts } from './support/people.ts';
import { removeDataDir, startRelay, type TestRelay } from './support/relay.ts';

const texts = (person: Person, conversation: string) => textsOf(person.client, conversation);
const hasTexts = (person: Person, conversation: string, count: number) =>
  untilTexts(person.client, conversation, count);

describe('two people on one relay', () => {
  let relay: TestRelay;
  let ada: Person;
  let bob: Person;

  beforeEach(async () => {
    relay = await startRelay();
    ada = await signIn(relay, 'Ada');
    bob = await signIn(relay, 'Bob');
  });

  afterEach(async () => {
    await ada.client.stop();
    await bob.client.stop();
    await relay.stop();
    removeDataDir(relay);
  });

  it('writes to each other without being introduced, in one order', async () => {
    const conversation = directConversationId(ada.user.id, bob.user.id);
    for (let n = 1; n <= 5; n += 1) ada.client.send(conversation, `from Ada ${n}`);
    await hasTexts(bob, conversation, 5);
    bob.client.send(conversation, '你好,Ada');
    await hasTexts(ada, conversation, 6);
    await hasTexts(bob, conversation, 6);
    expect(texts(ada, conversation)).toEqual(texts(bob, conversation));
    expect(texts(ada, conversation)).toEqual([
      'from Ada 1',
      'from Ada 2',
      'from Ada 3',
      'from Ada 4',
      'from Ada 5',
      '你好,Ada',
    ]);
  });

  it('gives back everything after a restart, and continues the sequence', async () => {
    const conversation = directConversationId(ada.user.id, bob.user.id);
    ada.client.send(conversation, 'before');
    await hasTexts(bob, conversation, 1);
    await ada.client.stop();
    await bob.client.stop();
    await relay.stop();
    relay = await startRelay({}, relay.dataDir);
    ada.client = await connect(relay, ada.token);
    bob.client = await connect(relay, bob.token);
    await bob.client.loadEarlier(conversation);
    expect(texts(bob, conversation)).toEqual(['before']);
    bob.client.send(conversation, 'after');
    await untilSnapshot(ada.client, (snapshot) => snapshot.conversations.get(conversation)?.head === 2);
  });

  it('sees who is online and who typed', async () => {
    ada.client.watch({ lobby: true, users: [] });
    await untilSnapshot(ada.client, (snapshot) => snapshot.presences.get(bob.user.id)?.state === 'online');
    const conversation = directConversationId(ada.user.id, bob.user.id);
    bob.client.send(conversation, 'wait');
    await hasTexts(ada, conversation, 1);
    bob.client.typing(conversation);
    await untilSnapshot(
      ada.client,
      (snapshot) => snapshot.conversations.get(conversation)?.typing.includes(bob.user.id) === true,
    );
  });

  it('opens rooms, public to all and private to whoever holds the invite', async () => {
    const open = await ada.client.createRoom('Tea house', 'public');
    await bob.client.joinRoom(open);
    bob.client.send(open, 'good morning');
    await hasTexts(ada, open, 1);
    const closed = await ada.client.createRoom('Back room', 'private');
    ada.client.send(closed, 'before Bob');
    await expect(bob.client.joinRoom(closed)).rejects.toMatchObject({ code: 'not_found' });
    const invite = await ada.client.replaceInvite(closed);
    await bob.client.joinRoom(closed, invite);
    ada.client.send(closed, 'welcome');
    await hasTexts(bob, closed, 1);
    await bob.client.loadEarlier(closed);
    expect(texts(bob, closed)).toEqual(['welcome']);
    const rooms = await bob.client.listRooms();
    expect(rooms.rows).toEqual([{ id: open, name: 'Tea house', memberCount: 2, joined: true }]);
    await bob.client.leaveRoom(open);
    await untilSnapshot(bob.client, (snapshot) => {
      const details = snapshot.conversations.get(open)?.details;
      return details?.kind === 'room' && !details.joined;
    });
  });
});
