/**
 * The coordinator: public calls on one side, frames on the other. A message goes from `send` to outbox.ts, over link.ts to
 * the relay, and comes back as an entry through dispatch.ts into conversations.ts, from where `getSnapshot` shows it.
 */
import {
  checkText,
  type ClientFrameOf,
  type ConversationId,
  ConversationIdSchema,
  type DecodeFailure,
  type DeviceId,
  makeDeviceId,
  OLDEST_PROTOCOL_VERSION,
  type OperationId,
  PRESENCE_GRACE_MS,
  PROTOCOL_VERSION,
  type RelayFrame,
  type RelayFrameOf,
  type User,
} from '@parley/protocol';
import type { CancelTimer } from '@parley/protocol/environment';
import type { ChatClient, ChatSnapshot, ClientEvent, ConnectionState, Hole } from './api.ts';
import { Conversations } from './conversations.ts';
import { dispatch, handlePage, type Parts } from './dispatch.ts';
import { Emitter } from './emitter.ts';
import { History } from './history.ts';
import { Link } from './link.ts';
import { type ChatClientOptions, completeOptions, type Environment } from './options.ts';
import { Outbox } from './outbox.ts';
import { People } from './presence.ts';
import { ReadPositions } from './read-positions.ts';
import { Requests } from './requests.ts';
import { Rooms } from './rooms.ts';
import { SendTurn } from './send-turn.ts';
import { Typing } from './typing.ts';
import { Watch } from './watch.ts';

/**
 * A client that is not connected yet: `start` connects it.
 * @throws TypeError when the URL is none.
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const client = new Client(completeOptions(options));
  const { rooms } = client;
  return {
    start: () => client.start(),
    stop: () => client.stop(),
    reconnectNow: () => client.link.reconnectNow(),
    checkLink: () => client.link.check(),
    setIdle: (idle) => client.setIdle(idle),
    subscribe: (listener) => client.changes.on(listener),
    getSnapshot: () => client.getSnapshot(),
    onEvent: (listener) => client.events.on(listener),
    send: (conversation, text) => client.send(conversation, text),
    retry: (id) => client.outbox.retry(id),
    discard: (id) => client.outbox.discard(id),
    loadEarlier: (conversation) => client.history.loadEarlier(conversation),
    loadHole: (conversation, hole: Hole) => client.history.loadHole(conversation, hole),
    createRoom: (name, visibility) => rooms.create(name, visibility),
    renameRoom: (room, name) => rooms.rename(room, name),
    joinRoom: (room, invite) => rooms.join(room, invite),
    leaveRoom: (room) => rooms.leave(room),
    getInvite: (room) => rooms.getInvite(room),
    replaceInvite: (room) => rooms.replaceInvite(room),
    listPeople: (list) => rooms.listPeople(list),
    listRooms: (list) => rooms.listRooms(list),
    listMembers: (room, list) => rooms.listMembers(room, list),
    watch: (watch) => client.watch.set(watch),
    typing: (conversation) => client.tellTyping(conversation),
    markRead: (conversation, seq) => client.markRead(conversation, seq),
  };
}

class Client {
  readonly #environment: Environment;
  readonly changes = new Emitter<void>();
  readonly events = new Emitter<ClientEvent>();
  readonly link: Link;
  readonly requests: Requests;
  readonly outbox: Outbox;
  readonly conversations: Conversations;
  readonly history: History;
  readonly rooms: Rooms;
  readonly watch: Watch;
  readonly #people = new People();
  readonly #typing: Typing;
  readonly #readPositions: ReadPositions;
  readonly #sendTurn: SendTurn;
  readonly #parts: Parts;
  #me: User | undefined;
  #device: DeviceId | undefined;
  #epoch: string | undefined;
  #isIdle = false;
  #isRunning = false;
  #stopTabs: (() => void) | undefined;
  #cancelStale: CancelTimer | undefined;
  #snapshot: ChatSnapshot | undefined;
  #isNotifying = false;

  constructor(environment: Environment) {
    this.#environment = environment;
    const { clock, random, storage, tabs, maxHeldEntries } = environment;
    const emit = (event: ClientEvent) => this.events.emit(event);
    const touch = (conversation: ConversationId) => {
      this.conversations.touch(conversation);
      this.#changed();
    };
    this.link = this.#makeLink();
    const send: Link['send'] = (frame) => this.link.send(frame);
    this.#typing = new Typing(clock, touch);
    this.outbox = new Outbox({ clock, random, storage, send, emit, onChange: touch, onStored: () => tabs?.post() });
    this.conversations = new Conversations({
      pendingIn: (id) => this.outbox.pendingIn(id),
      typingIn: (id) => this.#typing.in(id),
      maxHeldEntries,
    });
    const { conversations } = this;
    this.requests = new Requests({ clock, random, send });
    this.history = new History({
      clock,
      random,
      requests: this.requests,
      conversations,
      isUp: () => this.link.isUp,
      onPage: (asked, frame) => this.#handlePage(asked, frame),
    });
    this.rooms = new Rooms({ clock, random, requests: this.requests });
    this.watch = new Watch(send);
    this.#readPositions = new ReadPositions({ clock, conversations, send });
    this.#sendTurn = new SendTurn(environment.lock, this.outbox);
    this.#parts = {
      clock,
      conversations,
      history: this.history,
      outbox: this.outbox,
      people: this.#people,
      requests: this.requests,
      typing: this.#typing,
      me: () => this.#me?.id,
      markRead: (conversation, seq) => this.markRead(conversation, seq),
      emit,
    };
  }

  start(): void {
    if (this.#isRunning && this.link.state.status !== 'stopped') return;
    this.#isRunning = true;
    this.#stopTabs ??= this.#environment.tabs?.subscribe(() => void this.outbox.load());
    void this.#connect();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.link.stop();
    this.#cancelStale?.();
    await this.outbox.settled();
    this.#stopTabs?.();
    this.#stopTabs = undefined;
  }

  send(conversation: ConversationId, text: string): OperationId {
    const fault = checkText(text);
    if (fault !== undefined) throw new RangeError(`The text cannot be sent: ${fault}`);
    if (!ConversationIdSchema.safeParse(conversation).success) throw new RangeError('This is no conversation id.');
    this.#typing.handleSent(conversation);
    return this.outbox.add(conversation, text);
  }

  setIdle(idle: boolean): void {
    if (idle === this.#isIdle) return;
    this.#isIdle = idle;
    this.link.send({ type: 'idle', idle });
  }

  tellTyping(conversation: ConversationId): void {
    if (this.link.isUp && this.#typing.isWorthTelling(conversation)) this.link.send({ type: 'typing', conversation });
  }

  markRead(conversation: ConversationId, seq: number): void {
    if (this.#readPositions.mark(conversation, seq)) this.#changed();
  }

  getSnapshot(): ChatSnapshot {
    if (this.#snapshot !== undefined) return this.#snapshot;
    const { conversations, order } = this.conversations.view();
    this.#snapshot = {
      connection: this.link.state,
      me: this.#me,
      users: this.#people.users,
      presences: this.#people.presences,
      onlineCount: this.#people.onlineCount,
      presenceStale: this.#people.isStale,
      conversations,
      order,
      waitingCount: this.outbox.waitingCount,
    };
    return this.#snapshot;
  }

  async #connect(): Promise<void> {
    const { storage, random } = this.#environment;
    // A storage that cannot be used costs the device its memory, not its connection.
    this.#device ??= await storage.loadDevice(() => makeDeviceId(random)).catch(() => makeDeviceId(random));
    if (!this.#isRunning) return;
    // Before it is known who is signed in: what an earlier run left has its place before what is written now.
    void this.outbox.load();
    this.link.start();
  }

  #makeLink(): Link {
    const { target, openSocket, clock, random, isSignedOut } = this.#environment;
    return new Link({
      target,
      openSocket,
      clock,
      random,
      isSignedOut,
      hello: () => this.#hello(),
      onFrame: (frame, isLive) => this.#handleFrame(frame, isLive),
      onUndecodable: (failure) => this.#handleUndecodable(failure),
      onState: (state) => this.#handleState(state),
      onUp: () => this.#handleUp(),
      onDown: () => this.#handleDown(),
    });
  }

  #hello(): ClientFrameOf<'hello'> {
    return {
      type: 'hello',
      version: PROTOCOL_VERSION,
      oldest: OLDEST_PROTOCOL_VERSION,
      device: (this.#device ??= makeDeviceId(this.#environment.random)),
      ...(this.#epoch !== undefined && { epoch: this.#epoch, heads: this.conversations.heads() }),
      idle: this.#isIdle,
    };
  }

  #handleFrame(frame: RelayFrame, isLive: boolean): void {
    if (frame.type === 'welcome') this.#handleWelcome(frame);
    else if (frame.type !== 'pong') dispatch(this.#parts, frame, isLive);
    else return;
    if (frame.type === 'users') this.#me = this.#people.users.get(this.#me?.id ?? '') ?? this.#me;
    this.#changed();
  }

  #handleWelcome(frame: RelayFrameOf<'welcome'>): void {
    const { me, epoch, resync, at } = frame;
    const isSomebodyElse = this.#me !== undefined && this.#me.id !== me.id;
    const foreign = this.#epoch !== undefined && this.#epoch !== epoch ? 'epoch' : undefined;
    const reason = resync ?? foreign;
    if (isSomebodyElse || reason !== undefined) this.conversations.clear();
    if (isSomebodyElse) this.#people.clear();
    this.#me = me;
    this.#epoch = epoch;
    this.#people.learn([me]);
    this.conversations.setMe(me.id, at - this.#environment.clock.wallMs());
    this.outbox.setAuthor(me.id);
    if (reason !== undefined) this.events.emit({ type: 'resync', reason });
    // The heads in the hello were those of the other user.
    if (isSomebodyElse) this.link.restart();
  }

  #handlePage(asked: { after: number; before: number }, frame: RelayFrameOf<'history'>): void {
    handlePage(this.#parts, asked, frame);
    this.#changed();
  }

  #handleUndecodable(failure: DecodeFailure): void {
    if (failure.code === 'unknown_frame') return;
    if (failure.request !== undefined) this.requests.fail(failure.request, 'invalid_frame', failure.detail);
    this.events.emit({ type: 'undecodable', detail: `${failure.code}: ${failure.detail}` });
  }

  #handleState(connection: ConnectionState): void {
    this.#changed();
    // Nobody is going to answer, whoever ended it.
    if (connection.status === 'stopped') this.requests.stop();
    this.events.emit({ type: 'connection', connection });
  }

  #handleUp(): void {
    this.#cancelStale?.();
    this.watch.replay();
    this.#sendTurn.begin();
    this.requests.askAll();
    this.#readPositions.tellAll();
    this.history.start();
  }

  #handleDown(): void {
    this.#sendTurn.end();
    this.#typing.clear();
    this.#cancelStale?.();
    this.#cancelStale = this.#environment.clock.setTimer(() => {
      this.#people.cutOff();
      this.#changed();
    }, PRESENCE_GRACE_MS);
  }

  #changed(): void {
    this.#snapshot = undefined;
    if (this.#isNotifying || !this.changes.isHeard) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      this.changes.emit();
    });
  }
}
