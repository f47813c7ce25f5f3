/** Some members of one room, spread over the nodes, who write to it in turn. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RoomId } from '@parley/protocol';
import { nowMs, pace } from '../measure/pace.ts';
import { type BenchPerson, signInPeople, stampedText } from './people.ts';
import { serve } from '@parley/testing';

const DRAIN_MS = 15_000;

let people: BenchPerson[] = [];
let room: RoomId | undefined;
let waiting = new Map<string, number>();
let ackMs: number[] = [];
let deliveries = 0;
let turn = 0;

export type RoomWorker = typeof methods;

const methods = {
  /** Makes the room and returns its id. */
  async open({ urls, users }: { urls: string[]; users: number }): Promise<RoomId> {
    people = await signInPeople(urls, users, 'Writer');
    const [owner, ...others] = people;
    if (owner === undefined) throw new Error('at least one user is needed');
    const made = await owner.client.createRoom('Bench', 'public');
    room = made;
    for (const person of others) await joinWhenKnown(person, made);
    for (const { client } of people) {
      client.onEvent((event) => {
        if (event.type === 'entry' && event.entry.kind === 'message') deliveries += 1;
        if (event.type !== 'acked') return;
        const fromMs = waiting.get(event.id);
        if (fromMs === undefined) return;
        waiting.delete(event.id);
        ackMs.push(nowMs() - fromMs);
      });
    }
    return made;
  },

  /** Returns what arrived at the writers themselves, beside how long the acks took. */
  async run({ rate, seconds, bytes }: { rate: number; seconds: number; bytes: number }) {
    waiting = new Map();
    ackMs = [];
    deliveries = 0;
    const { sent } = await pace({ rate, seconds }, () => {
      const person = people[turn % people.length];
      turn += 1;
      if (person === undefined || room === undefined) return;
      const atMs = nowMs();
      waiting.set(person.client.send(room, stampedText(atMs, bytes)), atMs);
    });
    const endedMs = nowMs();
    while ((waiting.size > 0 || deliveries < sent * people.length) && nowMs() - endedMs < DRAIN_MS) await delay(5);
    return { sent, unanswered: waiting.size, deliveries, ackMs: Float64Array.from(ackMs) };
  },
};

serve(methods);

// Another node may hear of the room a moment later.
async function joinWhenKnown({ client }: BenchPerson, id: RoomId): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await client.joinRoom(id);
      return;
    } catch (error) {
      if (tries === 50) throw error;
      await delay(50);
    }
  }
}
