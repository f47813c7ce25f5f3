/** Faults of peers: readers that do not read, and writers that write the same twice. */
import { hashText } from '@parley/audit';
import { directConversationId, makeOperationId } from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { readStatus } from '../audit/read-views.ts';
import { nowMs } from '../clock.ts';
import type { Field, Row } from '../row.ts';
import { rssOf } from './common.ts';
import { RawPeer, type RawUser, signInRaw } from './raw-peer.ts';

const SLOW_READERS = 20;
/** Each asks for 24 MB and reads none of it: amply more than the kernel holds for both ends of a socket, and the relay. */
const PAGES_ASKED = 500;
const LONG_TEXT = 'x'.repeat(4_000);
/** 10 s stuck, and some seconds for a busy machine. */
const CUT_WITHIN_MS = 16_000;
const LOOK_EVERY_MS = 250;
const MOST_GROWTH_BYTES = 2 * 1024 * 1024;

export const slowReaders: Row = {
  id: 'F27',
  fault: `${SLOW_READERS} readers that do not read`,
  relayEnv: { RATE_FRAMES: '100000/100000' },
  bounds: { ackP99Ms: 2_000 },
  async inject(field) {
    const { cluster, fault, problem, sleep } = field;
    const relay = cluster.relays[0]!;
    await sleep(1_000);
    await fault(`${SLOW_READERS} readers on ${relay.name} stop reading`, async () => {
      const before = rssOf(relay.pid);
      const cutBefore = (await readStatus(relay))?.metrics.slowReaders ?? 0;
      const peers: RawPeer[] = [];
      let peak = before;
      const countCut = async (): Promise<number> => {
        peak = Math.max(peak, rssOf(relay.pid));
        return ((await readStatus(relay))?.metrics.slowReaders ?? 0) - cutBefore;
      };
      for (let at = 0; at < SLOW_READERS; at += 1) {
        peers.push(await openWithHistory(field, relay.url ?? '', at));
        await countCut();
      }
      const untilMs = nowMs() + CUT_WITHIN_MS;
      let cut = await countCut();
      for (; nowMs() < untilMs && cut < SLOW_READERS; cut = await countCut()) await sleep(LOOK_EVERY_MS);
      for (const peer of peers) peer.end();
      if (cut < SLOW_READERS) problem(`${cut} of ${SLOW_READERS} slow readers were cut within ${CUT_WITHIN_MS} ms`);
      const growth = (peak - before) / SLOW_READERS;
      if (growth > MOST_GROWTH_BYTES) problem(`${relay.name} grew by ${Math.round(growth / 1024)} KiB a slow reader`);
    });
  },
};

/** Has something long to read back, and asks for it again and again. */
async function openWithHistory(field: Field, url: string, at: number): Promise<RawPeer> {
  const user = await signInRaw(field.cluster.url, `slow ${at}`);
  const peer = await RawPeer.open(url, user);
  const conversation = directConversationId(user.id, user.id);
  const messages = Array.from({ length: 12 }, () => ({ id: newId(), text: LONG_TEXT }));
  const last = messages.at(-1)?.id;
  const acked = peer.next((frame) => frame.type === 'ack' && frame.id === last);
  peer.send({ type: 'send', conversation, messages });
  await acked;
  peer.stopReading();
  for (let request = 0; request < PAGES_ASKED; request += 1) {
    peer.send({ type: 'history', request, conversation, before: 13, limit: 12 });
  }
  return peer;
}

const SAME_IDS = 100;

export const sameIdTwice: Row = {
  id: 'F32',
  fault: `the same message id from two nodes at once, ${SAME_IDS} times; later; with another text`,
  bounds: {},
  refusals: ['idempotency_conflict'],
  async inject(field) {
    const { cluster, fault, problem } = field;
    const user = await signInRaw(cluster.url, 'twice');
    const writers = await Promise.all([0, 1].map((at) => Writer.open(field, user, at)));
    const [one, other] = writers as [Writer, Writer];
    const ids = Array.from({ length: SAME_IDS }, newId);
    await fault('every id from two nodes at once', async () => {
      for (const id of ids) await Promise.all([one.write(id, 'the first text'), other.write(id, 'the first text')]);
    });
    await fault('every id once more', async () => {
      for (const id of ids) await other.write(id, 'the first text');
    });
    await fault('every id with another text', async () => {
      for (const id of ids) {
        const answer = await one.write(id, 'another text');
        if (answer !== 'idempotency_conflict') problem(`another text under ${id} was answered with ${answer}`);
      }
    });
    for (const writer of writers) writer.end();
  },
};

/** A tab of one user on one node, that writes by hand and tells the history of it. */
class Writer {
  readonly #peer: RawPeer;
  readonly #field: Field;
  readonly #client: string;
  readonly #conversation: string;

  private constructor(field: Field, parts: { peer: RawPeer; user: RawUser; client: string }) {
    this.#field = field;
    this.#peer = parts.peer;
    this.#client = parts.client;
    this.#conversation = directConversationId(parts.user.id, parts.user.id);
  }

  static async open(field: Field, user: RawUser, at: number): Promise<Writer> {
    const relay = field.cluster.relays[at];
    const peer = await RawPeer.open(relay?.url ?? '', user);
    const client = `twice.${at}`;
    const device = `device of ${client}`;
    field.write({ type: 'client', at: nowMs(), client, user: user.id, device, process: 'runner' });
    return new Writer(field, { peer, user, client });
  }

  /** Until it is answered for good; returns `acked` or the code of the refusal. */
  async write(id: string, text: string): Promise<string> {
    const common = { client: this.#client, id };
    const conversation = this.#conversation;
    this.#field.write({ type: 'invoke', at: nowMs(), ...common, conversation, text: hashText(text) });
    for (;;) {
      const answer = this.#peer.next((frame) => (frame.type === 'ack' || frame.type === 'error') && frame.id === id);
      this.#peer.send({ type: 'send', conversation, messages: [{ id, text }] });
      const frame = await answer;
      if (frame.type === 'ack') {
        const { seq } = frame;
        const epoch = (await readStatus(this.#field.cluster.relays[0]!))?.epoch ?? '';
        this.#field.write({ type: 'ok', at: nowMs(), ...common, conversation, seq, epoch, by: 'ack' });
        return 'acked';
      }
      if (frame.type !== 'error') continue;
      const { code, retryable, retryAfterMs = 100 } = frame;
      this.#field.write({ type: 'fail', at: nowMs(), ...common, code, retryable });
      if (!retryable) return code;
      await this.#field.sleep(retryAfterMs);
    }
  }

  end(): void {
    this.#peer.end();
    this.#field.write({ type: 'gone', at: nowMs(), client: this.#client });
  }
}

function newId(): string {
  return makeOperationId(systemClock, systemRandom);
}
