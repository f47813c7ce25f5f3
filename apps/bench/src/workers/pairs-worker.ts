/** Many pairs of people who write to each other; each pair sits on two nodes where there is more than one. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ConversationId, directConversationId, type OperationId } from '@parley/protocol';
import type { ClientEvent } from '@parley/client';
import { nowMs, pace } from '../measure/pace.ts';
import { type BenchPerson, AT_ONCE, connectPerson, signInPeople, stampedText } from './people.ts';
import { inTurns, serve } from '@parley/testing';

const DRAIN_MS = 30_000;

export interface PairsResult {
  sent: number;
  acked: number;
  seen: number;
  /** Not acknowledged, or acknowledged and not seen, after the time to drain. */
  unanswered: number;
  lost: number;
  /** Refusals, after each of which the client tried again, and their codes. */
  refused: number;
  codes: string[];
  ackMs: Float64Array;
  seenMs: Float64Array;
  /** How late the generator was at worst, in milliseconds. */
  latestMs: number;
  /** From the last message sent to the last one seen, in milliseconds. */
  drainMs: number;
}

interface Pair {
  sender: BenchPerson;
  receiver: BenchPerson;
  conversation: ConversationId;
  acked: number;
}

interface Flight {
  pair: Pair;
  fromMs: number;
  isAcked: boolean;
  isSeen: boolean;
}

let people: BenchPerson[] = [];
let pairs: Pair[] = [];
const flights = new Map<OperationId, Flight>();
let ackMs: number[] = [];
let seenMs: number[] = [];
let refused = 0;
const codes = new Set<string>();
let turn = 0;

export type PairsWorker = typeof methods;

const methods = {
  /** Returns how many people each node has, and how many pairs sit on two nodes. */
  async connect({ urls, users, name }: { urls: string[]; users: number; name: string }) {
    people = await signInPeople(urls, users, name);
    pairs = pairUp(people);
    const nodes: Record<string, number> = {};
    for (const { node } of people) nodes[node] = (nodes[node] ?? 0) + 1;
    for (const person of people) person.client.onEvent((event) => handle(person, event));
    return {
      nodes,
      pairs: pairs.length,
      apart: pairs.filter((pair) => pair.sender.node !== pair.receiver.node).length,
    };
  },

  /**
   * Sends at `rate` for `seconds` and waits until everything was seen.
   * @param options.from `due`: latencies count from when a message should have been sent, also when the generator was late.
   */
  async run(options: { rate: number; seconds: number; bytes: number; from: 'sent' | 'due' }): Promise<PairsResult> {
    reset();
    const { sent, latestMs } = await pace(options, (dueMs) => send(options, dueMs));
    const endedMs = nowMs();
    while (flights.size > 0 && nowMs() - endedMs < DRAIN_MS) await delay(2);
    const left = [...flights.values()];
    flights.clear();
    return {
      sent,
      acked: ackMs.length,
      seen: seenMs.length,
      unanswered: left.filter(({ isAcked }) => !isAcked).length,
      lost: left.filter(({ isAcked, isSeen }) => isAcked && !isSeen).length,
      refused,
      codes: [...codes],
      ackMs: Float64Array.from(ackMs),
      seenMs: Float64Array.from(seenMs),
      latestMs,
      drainMs: nowMs() - endedMs,
    };
  },

  /** Asks every relay for the head of every pair's conversation; returns those that differ from what was acknowledged. */
  async compareHeads({ urls }: { urls: string[] }) {
    const wrong: { node: string; expected: number; head: number }[] = [];
    for (const url of urls) {
      await inTurns(pairs.length, AT_ONCE, async (at) => {
        const pair = pairs[at];
        if (pair === undefined) return;
        const visitor = await connectPerson(url, pair.receiver.id, pair.receiver.token);
        const head = visitor.client.getSnapshot().conversations.get(pair.conversation)?.head ?? 0;
        if (head !== pair.acked) wrong.push({ node: visitor.node, expected: pair.acked, head });
        await visitor.client.stop();
      });
    }
    return { conversations: pairs.length, messages: pairs.reduce((sum, { acked }) => sum + acked, 0), wrong };
  },
};

serve(methods);

function send({ bytes, from }: { bytes: number; from: 'sent' | 'due' }, dueMs: number): void {
  const pair = pairs[turn % pairs.length];
  turn += 1;
  if (pair === undefined) return;
  const atMs = nowMs();
  const id = pair.sender.client.send(pair.conversation, stampedText(atMs, bytes));
  flights.set(id, { pair, fromMs: from === 'due' ? dueMs : atMs, isAcked: false, isSeen: false });
}

function handle(person: BenchPerson, event: ClientEvent): void {
  if (event.type === 'refused') {
    refused += 1;
    codes.add(event.code);
  } else if (event.type === 'acked') settle(event.id, 'isAcked');
  else if (event.type === 'entry' && event.entry.kind === 'message' && event.entry.author !== person.id)
    settle(event.entry.id, 'isSeen');
}

function settle(id: OperationId, what: 'isAcked' | 'isSeen'): void {
  const flight = flights.get(id);
  if (flight === undefined || flight[what]) return;
  flight[what] = true;
  (what === 'isAcked' ? ackMs : seenMs).push(nowMs() - flight.fromMs);
  if (what === 'isAcked') flight.pair.acked += 1;
  if (flight.isAcked && flight.isSeen) flights.delete(id);
}

// Halfway around a list that is sorted by node: on another one, unless a node holds more than half of all.
function pairUp(all: readonly BenchPerson[]): Pair[] {
  const sorted = all.toSorted((one, other) => (one.node < other.node ? -1 : Number(one.node > other.node)));
  const half = Math.floor(sorted.length / 2);
  const made: Pair[] = [];
  for (let at = 0; at < half; at += 1) {
    const [one, other] = [sorted[at], sorted[at + half]];
    if (one === undefined || other === undefined) continue;
    const [sender, receiver] = at % 2 === 0 ? [one, other] : [other, one];
    made.push({ sender, receiver, conversation: directConversationId(sender.id, receiver.id), acked: 0 });
  }
  return made;
}

function reset(): void {
  flights.clear();
  ackMs = [];
  seenMs = [];
  refused = 0;
  codes.clear();
}
