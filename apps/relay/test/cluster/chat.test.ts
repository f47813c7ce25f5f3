/** Two people on two nodes behind Nginx, on three brokers; then nodes die, and then everything dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '@parley/infra';
import { directConversationId, type UserId } from '@parley/protocol';
import { readTopic } from '../kafka/world.ts';
import {
  connect,
  connectTo,
  loadAll,
  nodeOf,
  type Person,
  signIn,
  textsOf,
  untilSnapshot,
  untilTexts,
} from '../support/people.ts';

let cluster: Cluster;
const everybody: Person[] = [];

beforeAll(async () => {
  cluster = await startCluster({ relayEnv: { RATE_SIGN_INS: '1000/1000', LOG_LEVEL: 'info' } });
});

afterAll(async () => {
  await Promise.all(everybody.map(({ client }) => client.stop()));
  await cluster?.stop();
});

async function personOn(node: string, name: string): Promise<Person> {
  const person = await signIn(cluster, name);
  if (nodeOf(person.client) !== node) {
    const client = await connectTo(cluster, person.token, node);
    await person.client.stop();
    person.client = client;
  }
  everybody.push(person);
  return person;
}

const stateOf = (watcher: Person, user: UserId) => watcher.client.getSnapshot().presences.get(user)?.state ?? 'offline';

const untilState = (watcher: Person, user: UserId, state: string) =>
  untilSnapshot(watcher.client, () => stateOf(watcher, user) === state);

async function statusOf(relay: Cluster['relays'][number]): Promise<{
  epoch: string;
  sessions: number;
  view: { partition: number; next: number; hash: string }[];
  metrics: Record<string, number>;
}> {
  return (await fetch(`${relay.adminUrl}/status`)).json() as never;
}

describe('two people on two nodes', () => {
  it('see the same order, and a third node stores without decoding', async () => {
    const ada = await personOn('relay-1', 'Ada');
    const bob = await personOn('relay-2', 'Bob');
    const conversation = directConversationId(ada.user.id, bob.user.id);
    // Nginx may have put one of them there first.
    await expect.poll(async () => (await statusOf(cluster.relays[2]!)).sessions).toBe(0);
    const before = await statusOf(cluster.relays[2]!);
    for (let n = 0; n < 50; n += 1) {
      ada.client.send(conversation, `a${n}`);
      bob.client.send(conversation, `b${n}`);
    }
    const seenByAda = await untilTexts(ada.client, conversation, 100);
    expect(await untilTexts(bob.client, conversation, 100)).toEqual(seenByAda);
    expect(seenByAda.filter((text) => text.startsWith('a'))).toEqual(Array.from({ length: 50 }, (_, n) => `a${n}`));
    await expect
      .poll(async () => (await statusOf(cluster.relays[2]!)).metrics['seen'])
      .toBeGreaterThanOrEqual((before.metrics['seen'] ?? 0) + 100);
    const after = await statusOf(cluster.relays[2]!);
    expect(after.metrics['decoded']).toBe(before.metrics['decoded']);
    expect(after.metrics['delivered']).toBe(before.metrics['delivered']);
  });

  it('share a room and who is typing in it', async () => {
    const ada = await personOn('relay-2', 'Ada');
    const bob = await personOn('relay-3', 'Bob');
    const room = await ada.client.createRoom('Harbour', 'public');
    await bob.client.joinRoom(room);
    bob.client.send(room, 'ahoy');
    await untilTexts(ada.client, room, 1);
    ada.client.typing(room);
    await untilSnapshot(
      bob.client,
      (snapshot) => snapshot.conversations.get(room)?.typing.includes(ada.user.id) === true,
    );
  });

  it('see each other come and go, but not a reload', { timeout: 60_000 }, async () => {
    const ada = await personOn('relay-1', 'Ada');
    const bob = await personOn('relay-3', 'Bob');
    ada.client.watch({ lobby: false, users: [bob.user.id] });
    await untilState(ada, bob.user.id, 'online');
    const states: string[] = [];
    const off = ada.client.onEvent((event) => {
      if (event.type === 'presence' && event.presence.user === bob.user.id) states.push(event.presence.state);
    });
    // A reload: the socket goes, another comes, on another node even.
    await bob.client.stop();
    bob.client = await connectTo(cluster, bob.token, 'relay-2');
    await bob.client.stop();
    const closedAt = performance.now();
    await untilState(ada, bob.user.id, 'offline');
    const offlineAfterMs = performance.now() - closedAt;
    off();
    expect(states.filter((state) => state === 'offline')).toHaveLength(1);
    expect(offlineAfterMs).toBeGreaterThan(9_900);
    expect(offlineAfterMs).toBeLessThan(20_000);
    // Other services read the same.
    const told = async (): Promise<string[]> =>
      (await readTopic(cluster.kafkaBrokers, 'parley.presence')).flatMap(({ key, body }) =>
        key === bob.user.id ? [(JSON.parse(body) as { state: string }).state] : [],
      );
    await expect.poll(told, { timeout: 10_000, interval: 500 }).toEqual(['online', 'offline']);
    console.log(`closed page offline after ${(offlineAfterMs / 1000).toFixed(1)} s`);
  });
});

describe('when a relay is killed', () => {
  it(
    'its people go on elsewhere and miss nothing; who does not come back is offline',
    { timeout: 120_000 },
    async () => {
      const ada = await personOn('relay-1', 'Ada');
      const bob = await personOn('relay-2', 'Bob');
      const gone = await personOn('relay-2', 'Gone');
      ada.client.watch({ lobby: false, users: [bob.user.id, gone.user.id] });
      await untilState(ada, gone.user.id, 'online');
      await untilState(ada, bob.user.id, 'online');
      const bobsStates: string[] = [];
      ada.client.onEvent((event) => {
        if (event.type === 'presence' && event.presence.user === bob.user.id) bobsStates.push(event.presence.state);
      });
      const conversation = directConversationId(ada.user.id, bob.user.id);
      let sent = 0;
      const talk = (): void => {
        ada.client.send(conversation, `a${sent}`);
        bob.client.send(conversation, `b${sent}`);
        sent += 1;
      };
      for (let n = 0; n < 20; n += 1) talk();
      await Promise.all([cluster.relays[1]!.kill(), gone.client.stop()]);
      const killedAt = performance.now();
      for (let n = 0; n < 20; n += 1) talk();
      // What a client had never heard of comes as a summary and is loaded like any history.
      for (const { client } of [ada, bob]) {
        await untilSnapshot(client, (snapshot) => {
          const known = snapshot.conversations.get(conversation);
          return known?.head === sent * 2 && known.pending.length === 0;
        });
        await loadAll(client, conversation);
      }
      const seenByAda = textsOf(ada.client, conversation);
      expect(textsOf(bob.client, conversation)).toEqual(seenByAda);
      expect(new Set(seenByAda).size).toBe(sent * 2);
      expect(seenByAda.filter((text) => text.startsWith('b'))).toEqual(Array.from({ length: sent }, (_, n) => `b${n}`));
      console.log(`caught up ${(performance.now() - killedAt).toFixed(0)} ms after the kill, on ${nodeOf(bob.client)}`);
      await untilState(ada, gone.user.id, 'offline');
      const offlineAfterMs = performance.now() - killedAt;
      expect(offlineAfterMs).toBeLessThan(15_000);
      expect(bobsStates).not.toContain('offline');
      console.log(`a killed node's user offline after ${(offlineAfterMs / 1000).toFixed(1)} s`);
      await cluster.relays[1]!.restart();
      const late = await connectTo(cluster, bob.token, 'relay-2');
      await loadAll(late, conversation);
      expect(textsOf(late, conversation)).toEqual(seenByAda);
      await late.stop();
    },
  );
});

describe('when a relay comes back', () => {
  it('takes its share of the sockets again, a few at a time, and nobody notices', { timeout: 180_000 }, async () => {
    const people = await Promise.all(Array.from({ length: 45 }, (_, n) => signIn(cluster, `P${n}`)));
    everybody.push(...people);
    const back = cluster.relays[2]!;
    await back.kill();
    const on = (node: string): number => people.filter(({ client }) => nodeOf(client) === node).length;
    await Promise.all(
      people.map(({ client }) => untilSnapshot(client, () => (nodeOf(client) ?? back.name) !== back.name)),
    );
    expect(on(back.name)).toBe(0);

    const interrupted = new Set<string>();
    for (const { client, user } of people)
      client.subscribe(() => {
        if (client.getSnapshot().connection.status !== 'online') interrupted.add(user.id);
      });
    await back.restart();
    const restartedAt = performance.now();
    const fullest = async (): Promise<number> => {
      const statuses = await Promise.all(cluster.relays.map((relay) => statusOf(relay)));
      return Math.max(...statuses.map(({ sessions }) => sessions));
    };
    const share = everybody.length / 3;
    await expect.poll(fullest, { timeout: 120_000, interval: 250 }).toBeLessThanOrEqual(share * 1.1 + 2);
    expect(on(back.name)).toBeGreaterThan(5);
    console.log(`even again ${((performance.now() - restartedAt) / 1000).toFixed(0)} s after the restart`);
    expect([...interrupted]).toEqual([]);
  });
});

describe('when everything is killed at once and started again', () => {
  it('all history is there, the same on every node', { timeout: 180_000 }, async () => {
    const ada = await personOn('relay-1', 'Ada');
    const bob = await personOn('relay-3', 'Bob');
    const conversation = directConversationId(ada.user.id, bob.user.id);
    for (let n = 0; n < 300; n += 1) ada.client.send(conversation, `m${n}`);
    const before = await untilTexts(bob.client, conversation, 300);
    const { epoch } = await statusOf(cluster.relays[0]!);
    await cluster.restartAll();
    for (const relay of cluster.relays) {
      const client = await connectTo(cluster, bob.token, relay.name);
      await loadAll(client, conversation);
      expect(textsOf(client, conversation)).toEqual(before);
      await client.stop();
    }
    const statuses = await Promise.all(cluster.relays.map((relay) => statusOf(relay)));
    for (const status of statuses) {
      expect(status.epoch).toBe(epoch);
      expect(status.view).toEqual(statuses[0]!.view);
    }
    // And it goes on where it was.
    const again = await connect(cluster, ada.token);
    again.send(conversation, 'after');
    await untilSnapshot(again, (snapshot) => snapshot.conversations.get(conversation)?.head === 301);
    await again.stop();
  });
});
