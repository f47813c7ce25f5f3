/**
 * The beginning of a session: version, epoch, heads; then the welcome, what the user's conversations look like, and what
 * was missed. Called by dispatch with the first frame.
 */
import {
  type ClientFrameOf,
  makeOperationId,
  negotiateVersion,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
} from '@parley/protocol';
import { encodeBody, makeHead } from '../log/record.ts';
import { Replay } from './replay.ts';
import type { Session } from './session.ts';

/** A client that comes from another node may be ahead of this one by a few milliseconds: so long is waited for the log. */
const AHEAD_PATIENCE_MS = 2_000;
const AHEAD_POLL_MS = 10;
/** Heads looked at in one turn: each may be of a room that has to be read first. */
const HEADS_AT_ONCE = 20;

type Hello = ClientFrameOf<'hello'>;
type Resync = 'epoch' | 'ahead';

export function handleHello(session: Session, hello: Hello): void {
  if (session.state !== 'expectingHello') {
    session.refuse({ code: 'hello_repeated' });
    return;
  }
  const version = negotiateVersion(hello, { version: PROTOCOL_VERSION, oldest: OLDEST_PROTOCOL_VERSION });
  if (version === undefined) {
    session.closeFor('version_unsupported');
    return;
  }
  session.helloDone();
  session.state = 'greeting';
  session.idle = hello.idle === true;
  greet(session, hello, version).catch((error: unknown) => {
    session.services.environment.logger.error({ err: error }, 'a hello could not be answered');
    session.closeFor('node_unready');
  });
}

async function greet(session: Session, hello: Hello, version: number): Promise<void> {
  if (!(await ensureUser(session))) {
    session.closeFor('node_unready');
    return;
  }
  const { epoch } = session.services;
  // Without an epoch there is no telling which log they belong to.
  const heads = hello.epoch === undefined ? [] : (hello.heads ?? []);
  let resync: Resync | undefined;
  if (hello.epoch !== undefined && hello.epoch !== epoch) resync = 'epoch';
  else if (!(await reachesHeads(session, heads))) resync = 'ahead';
  if (session.state !== 'greeting') return;
  welcome(session, resync === undefined ? heads : [], { version, resync });
}

/** From here on the session is told of what is new; what is there already comes as a replay, room by room. */
function welcome(
  session: Session,
  heads: readonly (readonly [string, number])[],
  answer: { version: number; resync: Resync | undefined },
): void {
  const { environment, epoch, fanOut, node, presence, queries } = session.services;
  session.state = 'open';
  fanOut.add(session);
  presence.openSession(session.user, session.id, session.idle);
  session.reply({
    type: 'welcome',
    version: answer.version,
    epoch,
    node,
    me: queries.user(session.user) ?? { id: session.user, name: session.identity.name },
    ...(answer.resync === undefined ? {} : { resync: answer.resync }),
    at: Math.floor(environment.clock.wallMs()),
  });
  session.replay = new Replay(session, { heads: new Map(heads), onListed: () => session.handleEarly() });
  session.replay.start();
  session.handleEarly();
}

/**
 * A user that this log has never heard of, because it was made anew or is behind, is named again from the sign-in. False when
 * that was not to be had: nobody could write to such a user, whose client comes back and tries again.
 */
async function ensureUser(session: Session): Promise<boolean> {
  const { environment, operations, queries } = session.services;
  const { user, name } = session.identity;
  if (queries.user(user) !== undefined) return true;
  const id = makeOperationId(environment.clock, environment.random);
  const head = makeHead('userNamed', { id, author: user, at: environment.clock.wallMs() });
  const result = await operations.run({ key: user, head, body: encodeBody<'userNamed'>({ name }) });
  return result.ok;
}

/** Whether this node's view has, within a short time, everything that the client says it holds. */
async function reachesHeads(session: Session, heads: readonly (readonly [string, number])[]): Promise<boolean> {
  const { environment, queries, turns } = session.services;
  const deadlineMs = environment.clock.monotonicMs() + AHEAD_PATIENCE_MS;
  let reached = 0;
  for (;;) {
    const [conversation, seq] = heads[reached] ?? [];
    if (conversation === undefined || seq === undefined) return true;
    // A head is behind for good once it was seen so: only the others are looked at again.
    if (seq <= (queries.access(session.user, conversation)?.upTo ?? 0)) {
      reached += 1;
      if (reached % HEADS_AT_ONCE === 0) await turns.next(session.user);
    } else if (environment.clock.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => void environment.clock.setTimer(resolve, AHEAD_POLL_MS));
    } else return false;
    if (session.state !== 'greeting') return false;
  }
}
