import 'fake-indexeddb/auto';
import { makeDeviceId } from '@parley/protocol';
import { systemRandom } from '@parley/protocol/environment';
import { openDB } from 'idb';
import { afterEach, describe, expect, it } from 'vitest';
import { indexedDbStorage } from '../src/storage/indexed-db.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import type { ClientStorage, StoredMessage } from '../src/storage/storage.ts';
import type { SenderLock, TabChannel } from '../src/tabs.ts';
import { broadcastTabs, webLock } from '../src/tabs.ts';
import { FakeClock, settle } from './support/fake-clock.ts';
import { ALICE, DIRECT, messageAt, ROOM } from './support/scripted-relay.ts';
import { rows, setUp } from './support/set-up.ts';

const message = (order: number): StoredMessage => ({
  id: messageAt(order).id,
  conversation: DIRECT,
  text: `message ${order}`,
  writtenAt: order,
  askedAt: order,
  order,
  author: ALICE.id,
});

let databases = 0;
const stores: [string, () => ClientStorage][] = [
  ['memory', memoryStorage],
  ['IndexedDB', () => indexedDbStorage(`parley-${(databases += 1)}`)],
];

describe.each(stores)('%s storage', (_name, make) => {
  it('keeps one device id and the outbox in order, and forgets on clear', async () => {
    const storage = make();
    const devices = await Promise.all([1, 2].map(() => storage.loadDevice(() => makeDeviceId(systemRandom))));
    expect(devices[0]).toBe(devices[1]);
    await storage.changeOutbox({ put: [message(3), message(1), message(2)], remove: [] });
    await storage.changeOutbox({ put: [{ ...message(3), failed: 'expired' }], remove: [message(1).id] });
    expect(await storage.loadOutbox()).toEqual([message(2), { ...message(3), failed: 'expired' }]);
    await storage.clear();
    expect(await storage.loadOutbox()).toEqual([]);
    expect(await storage.loadDevice(() => makeDeviceId(systemRandom))).not.toBe(devices[0]);
  });
});

describe('IndexedDB storage', () => {
  it('is there for the next page load, and leaves alone what another version wrote', async () => {
    const name = 'parley-reload';
    await indexedDbStorage(name).changeOutbox({ put: [message(1)], remove: [] });
    const database = await openDB(name);
    await database.put('outbox', { id: 'not a message' });
    database.close();
    expect(await indexedDbStorage(name).loadOutbox()).toEqual([message(1)]);
  });
});

/** A lock and a channel as tabs of one browser have them. */
function makeBrowser(): { lock: () => SenderLock; tabs: () => TabChannel } {
  const queue: (() => void)[] = [];
  const grant = () => queueMicrotask(() => queue[0]?.());
  const lock: SenderLock = {
    acquire(onHeld) {
      queue.push(onHeld);
      if (queue.length === 1) grant();
      return () => {
        const at = queue.indexOf(onHeld);
        if (at === -1) return;
        queue.splice(at, 1);
        if (at === 0) grant();
      };
    },
  };
  const listeners = new Set<() => void>();
  const tabs = (): TabChannel => {
    let own: (() => void) | undefined;
    return {
      post() {
        for (const each of listeners) if (each !== own) queueMicrotask(each);
      },
      subscribe(listener) {
        own = () => listener();
        listeners.add(own);
        return () => listeners.delete(own ?? listener);
      },
    };
  };
  return { lock: () => lock, tabs };
}

async function openTabs() {
  const browser = makeBrowser();
  const storage = memoryStorage();
  const clock = new FakeClock();
  const open = () => setUp({ storage, clock, lock: browser.lock(), tabs: browser.tabs() });
  const tabs = { one: await open(), two: await open(), clock };
  await tabs.one.relay.last.greet();
  await tabs.two.relay.last.greet();
  return tabs;
}

describe('tabs: one writer a device', () => {
  it('lets only the holder of the lock send what any of them wrote', async () => {
    const { one, two } = await openTabs();
    const mine = one.client.send(DIRECT, 'from one');
    const others = two.client.send(ROOM, 'from two');
    await settle();
    expect(two.relay.last.of('send')).toEqual([]);
    expect(one.relay.last.of('send').flatMap(({ messages }) => messages.map(({ id }) => id))).toEqual([mine, others]);
    expect(one.client.getSnapshot().conversations.get(ROOM)?.pending).toHaveLength(1);
    one.relay.last.say({ type: 'ack', id: others, conversation: ROOM, seq: 1, at: 5 });
    two.relay.last.say({
      type: 'entries',
      conversation: ROOM,
      entries: [{ kind: 'message', seq: 1, id: others, author: ALICE.id, at: 5, text: 'from two' }],
      users: [],
    });
    await settle();
    expect(rows(two.client, ROOM)).toEqual(['from two']);
    expect(two.client.getSnapshot()).toMatchObject({ waitingCount: 1 });
  });

  it('hands the turn, and what was not answered, to a tab that is connected', async () => {
    const { one, two } = await openTabs();
    const id = one.client.send(DIRECT, 'hello');
    await settle();
    expect(one.relay.last.of('send')).toHaveLength(1);
    await one.relay.last.end();
    await settle();
    expect(two.relay.last.of('send').map(({ messages }) => messages[0]?.id)).toEqual([id]);
    two.relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 1, at: 5 });
    await settle();
    await one.clock.advance(500);
    await one.relay.last.greet();
    expect(one.relay.last.of('send')).toEqual([]);
    expect(one.client.getSnapshot().waitingCount).toBe(0);
  });

  it('is not brought back to a refused message by a tab that learns later who is signed in', async () => {
    const browser = makeBrowser();
    const storage = memoryStorage();
    const clock = new FakeClock();
    const open = () => setUp({ storage, clock, lock: browser.lock(), tabs: browser.tabs() });
    const [one, two] = [await open(), await open()];
    const id = two.client.send(DIRECT, 'hello');
    one.client.send(ROOM, 'and elsewhere');
    await settle();
    await one.relay.last.greet();
    await settle();
    one.relay.last.say({ type: 'error', code: 'not_found', retryable: false, id });
    await settle();
    expect(two.client.getSnapshot().conversations.get(DIRECT)?.pending).toMatchObject([{ id, status: 'failed' }]);
    await two.relay.last.greet();
    await settle();
    expect(two.relay.last.of('send')).toEqual([]);
    expect(one.relay.last.of('send')).toHaveLength(2);
    for (const { client } of [one, two])
      expect(client.getSnapshot().conversations.get(DIRECT)?.pending).toMatchObject([{ id, status: 'failed' }]);
  });

  it('sends from every tab what the storage would not take', async () => {
    const browser = makeBrowser();
    const storage = memoryStorage();
    let isBroken = true;
    const changeOutbox: ClientStorage['changeOutbox'] = (change) =>
      isBroken ? Promise.reject(new Error('no room')) : storage.changeOutbox(change);
    const clock = new FakeClock();
    const open = () =>
      setUp({ storage: { ...storage, changeOutbox }, clock, lock: browser.lock(), tabs: browser.tabs() });
    const [one, two] = [await open(), await open()];
    await one.relay.last.greet();
    await two.relay.last.greet();
    const first = two.client.send(DIRECT, 'not stored');
    await settle();
    expect(two.relay.last.last('send').messages).toEqual([{ id: first, text: 'not stored' }]);
    isBroken = false;
    // The other tab finds both: it must not send the second one alone.
    const second = two.client.send(DIRECT, 'behind it');
    await settle();
    expect(one.relay.last.last('send').messages.map(({ id }) => id)).toEqual([first, second]);
    two.relay.last.say({ type: 'ack', id: first, conversation: DIRECT, seq: 1, at: 5 });
    for (const [at, id] of [first, second].entries())
      one.relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 1 + at, at: 5 });
    await settle();
    expect(two.relay.last.of('send')).toHaveLength(1);
    expect(await storage.loadOutbox()).toEqual([]);
  });

  it('leaves what the storage did not take at first to the next sender, in its place', async () => {
    const browser = makeBrowser();
    const storage = memoryStorage();
    let isBroken = true;
    const changeOutbox: ClientStorage['changeOutbox'] = (change) =>
      isBroken ? Promise.reject(new Error('no room')) : storage.changeOutbox(change);
    const open = () => setUp({ storage: { ...storage, changeOutbox }, lock: browser.lock(), tabs: browser.tabs() });
    const [sender, next] = [await open(), await open()];
    await sender.relay.last.greet();
    await next.relay.last.greet();
    const first = sender.client.send(DIRECT, 'not stored');
    await settle();
    isBroken = false;
    const second = sender.client.send(DIRECT, 'behind it');
    await settle();
    await sender.relay.last.end();
    await settle();
    expect(next.relay.last.of('send').flatMap(({ messages }) => messages.map(({ id }) => id))).toEqual([first, second]);
  });

  it('shows a failure, and takes a retry, in every tab', async () => {
    const { one, two } = await openTabs();
    const id = two.client.send(DIRECT, 'hello');
    await settle();
    one.relay.last.say({ type: 'error', code: 'not_found', retryable: false, id });
    await settle();
    expect(two.client.getSnapshot().conversations.get(DIRECT)?.pending).toMatchObject([{ status: 'failed' }]);
    const again = two.client.retry(id)!;
    await settle();
    expect(one.relay.last.last('send').messages).toMatchObject([{ id: again }]);
    expect(one.client.getSnapshot().conversations.get(DIRECT)?.pending).toMatchObject([{ id: again }]);
    one.relay.last.say({ type: 'error', code: 'not_found', retryable: false, id: again });
    await settle();
    expect(one.client.discard(again)).toBe(true);
    await settle();
    expect(two.client.getSnapshot().conversations.get(DIRECT)?.pending ?? []).toEqual([]);
  });
});

describe('the platform', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it('grants a Web Lock to one at a time', async () => {
    const held: string[] = [];
    const first = Promise.withResolvers<() => void>();
    const release = webLock('test')?.acquire(() => {
      held.push('first');
      first.resolve(() => release?.());
    });
    const end = await first.promise;
    const second = Promise.withResolvers<void>();
    ends.push(
      webLock('test')?.acquire(() => {
        held.push('second');
        second.resolve();
      }) ?? (() => undefined),
    );
    const never = webLock('test')?.acquire(() => held.push('third'));
    never?.();
    await settle();
    expect(held).toEqual(['first']);
    end();
    await second.promise;
    expect(held).toEqual(['first', 'second']);
  });

  it('tells other tabs over a BroadcastChannel', async () => {
    const [one, two] = [broadcastTabs('test'), broadcastTabs('test')];
    const heard = Promise.withResolvers<string>();
    ends.push(one?.subscribe(() => heard.resolve('oneself')) ?? (() => undefined));
    ends.push(two?.subscribe(() => heard.resolve('the other')) ?? (() => undefined));
    one?.post();
    expect(await heard.promise).toBe('the other');
  });
});
