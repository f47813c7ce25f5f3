import type { ConversationId, Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { ClientEvent } from '../src/api.ts';
import { createChatClient } from '../src/client.ts';
import { FakeClock, seededRandom, settle } from './support/fake-clock.ts';
import { ALICE, BOB, DIRECT, messageAt, ROOM } from './support/scripted-relay.ts';
import { ToyRelay } from './support/toy-relay.ts';

/** One hour of bad network, from a seed; then calm. */
async function run(seed: number) {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const relay = new ToyRelay(clock, random);
  const events: ClientEvent[] = [];
  const sent = new Map<ConversationId, string[]>([
    [DIRECT, []],
    [ROOM, []],
  ]);
  const client = createChatClient({ url: 'http://relay.test', clock, random, openSocket: relay.openSocket });
  client.onEvent((event) => events.push(event));
  client.start();
  await settle();
  for (let step = 0; step < 120; step += 1) {
    const conversation = random.float() < 0.5 ? DIRECT : ROOM;
    const dice = random.float();
    if (dice < 0.4) sent.get(conversation)?.push(client.send(conversation, `mine ${step}`));
    else if (dice < 0.8) relay.append(conversation, BOB.id, { id: messageAt(step + 1).id, text: `his ${step}` });
    else if (dice < 0.86) relay.cut();
    else if (dice < 0.89) relay.goAway();
    else await clock.advance(random.float() * 3_000);
    await clock.advance(random.float() * 100);
  }
  await clock.advance(120_000);
  // Only what was pushed while nobody listened is unknown until then: the next frame shows that it is missing.
  for (const conversation of sent.keys()) relay.append(conversation, BOB.id, { id: messageAt(999).id, text: 'end' });
  relay.cut();
  await clock.advance(120_000);
  for (const conversation of sent.keys()) {
    while (client.getSnapshot().conversations.get(conversation)?.hasEarlier === true) {
      const loading = client.loadEarlier(conversation);
      await clock.advance(1_000);
      await loading;
    }
  }
  return { client, relay, events, sent };
}

describe('delivery contract, over a network that cuts, delays and loses', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'seed %i: nothing lost, doubled or disordered',
    async (seed) => {
      const { client, relay, events, sent } = await run(seed);
      for (const [conversation, ids] of sent) {
        const log = relay.log(conversation);
        const snapshot = client.getSnapshot().conversations.get(conversation);
        const held: (Entry | string)[] =
          snapshot?.timeline.map((item) => (item.type === 'entry' ? item.entry : 'hole')) ?? [];
        expect(held).toEqual(log);
        expect(log.filter(({ author }) => author === ALICE.id).map(({ id }) => id)).toEqual(ids);
        expect(snapshot?.pending).toEqual([]);
        const applied = events.flatMap((event) =>
          event.type === 'entry' && event.conversation === conversation ? [event.entry.seq] : [],
        );
        expect(applied.toSorted((one, other) => one - other)).toEqual(log.map(({ seq }) => seq));
      }
      const acked = events.flatMap((event) => (event.type === 'acked' ? [event.id] : []));
      expect(new Set(acked).size).toBe(acked.length);
      expect(acked.length).toBe([...sent.values()].flat().length);
      expect(client.getSnapshot().waitingCount).toBe(0);
      await client.stop();
    },
  );
});
