/** A process full of people who write to each other. */
import { requestToken } from '@parley/client';
import type { ConversationId, InviteToken, RoomId, UserId } from '@parley/protocol';
import { HistoryFile } from '../audit/history-file.ts';
import { inTurns, SeededRandom, serve } from '@parley/testing';
import { nowMs } from '../clock.ts';
import { setWallClockAhead } from '../system/wall-clock.ts';
import { Person } from './person.ts';

/** Sign-ins, handshakes and last fetches under way at once. */
const AT_ONCE = 8;
const TICK_MS = 10;
/** Every so many-th user has two devices. */
const TWO_DEVICES_EVERY = 8;

let people: Person[] = [];
let history: HistoryFile;
let ticking: NodeJS.Timeout | undefined;
let moving: NodeJS.Timeout | undefined;
let skipped = 0;

export interface ConnectOptions {
  /** Where to sign in, and where to connect. */
  signInUrl: string;
  url: string;
  count: number;
  /** One, and two of every eighth user, unless given. */
  sessionsPerUser: number | undefined;
  process: string;
  file: string;
}

export interface LoadOptions {
  /** Messages a second of this process. */
  rate: number;
  seed: string;
  /** Where each client writes. */
  conversations: ConversationId[][];
  /** Who comes and goes, and where. */
  movers: { client: number; room: RoomId }[];
  /** Code points of a text: at least and at most. */
  textLength: [number, number];
  moveEveryMs: number;
}

export type ChatWorker = typeof methods;

const methods = {
  /** Returns the user of each client. */
  async connect(options: ConnectOptions): Promise<UserId[]> {
    const { signInUrl, url, count, process, file } = options;
    history = new HistoryFile(file);
    const signedIn: { user: UserId; token: string }[] = [];
    await inTurns(count, AT_ONCE, async (at) => {
      if (firstOfUser(at, options) !== at) return;
      const { user, token } = await requestToken(signInUrl, `${process} ${at}`);
      signedIn[at] = { user: user.id, token };
    });
    people = Array.from({ length: count }, (_, at) => {
      const { user, token } = signedIn[firstOfUser(at, options)]!;
      return new Person({ url, user, token, name: `${process}.${at}`, process, history });
    });
    await inTurns(count, AT_ONCE, (at) => people[at]!.connect());
    return people.map(({ user }) => user);
  },

  async createRoom({ client, name, visibility }: { client: number; name: string; visibility: 'public' | 'private' }) {
    const by = people[client]!.client;
    const room = await by.createRoom(name, visibility);
    const invite = visibility === 'private' ? await by.replaceInvite(room) : undefined;
    return { room, invite };
  },

  async join({ room, clients, invite }: { room: RoomId; clients: number[]; invite: InviteToken | undefined }) {
    for (const client of clients) await people[client]!.enter(room, invite);
  },

  async watch({ client, users }: { client: number; users: UserId[] }) {
    people[client]!.watch(users);
  },

  async startLoad(options: LoadOptions): Promise<void> {
    const random = new SeededRandom(options.seed);
    const startedMs = nowMs();
    let sent = 0;
    ticking = setInterval(() => {
      const due = ((nowMs() - startedMs) / 1_000) * options.rate;
      for (; sent < due; sent += 1) writeSomething(options, random);
    }, TICK_MS);
    moving = setInterval(() => {
      if (options.movers.length === 0) return;
      const { client, room } = random.pick(options.movers);
      void people[client]!.moveInOrOut(room);
    }, options.moveEveryMs);
  },

  async stopLoad(): Promise<{ skipped: number }> {
    clearInterval(ticking);
    clearInterval(moving);
    return { skipped };
  },

  /** Clients that are not connected, or wait for an answer, and why. */
  async unsettled(): Promise<string[]> {
    return people
      .filter((person) => !person.isSettled)
      .map(({ name, client }) => {
        const { connection, waitingCount } = client.getSnapshot();
        return `${name}: ${connection.status}, ${waitingCount} waiting`;
      });
  },

  async finish(): Promise<void> {
    await inTurns(people.length, AT_ONCE, (at) => people[at]!.finish());
  },

  async setClock({ aheadByMs }: { aheadByMs: number }): Promise<void> {
    setWallClockAhead(aheadByMs);
  },

  async leave(): Promise<void> {
    await Promise.all(people.map((person) => person.leave()));
    history.close();
  },
};

serve(methods);

/** The first client of the same user; neighbours are of different users where each has many. */
function firstOfUser(at: number, { count, sessionsPerUser }: ConnectOptions): number {
  if (sessionsPerUser !== undefined) return at % Math.ceil(count / sessionsPerUser);
  return at % TWO_DEVICES_EVERY === TWO_DEVICES_EVERY - 1 ? at - 1 : at;
}

function writeSomething({ conversations, textLength }: LoadOptions, random: SeededRandom): void {
  const client = random.whole(0, people.length - 1);
  const own = conversations[client] ?? [];
  if (own.length === 0) return;
  const text = `${random.float()} `.padEnd(random.whole(...textLength), 'la ').slice(0, textLength[1]);
  if (!people[client]!.send(random.pick(own), text.trimEnd())) skipped += 1;
}
