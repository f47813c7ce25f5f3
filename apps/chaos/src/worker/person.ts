/** One client of a run: chats like a page would, and writes down what happens to it. */
import { setTimeout as delay } from 'node:timers/promises';
import { ClientRecorder } from '@parley/audit';
import { type ChatClient, createChatClient, memoryStorage, RefusedError } from '@parley/client';
import type { ConversationId, InviteToken, RoomId, UserId } from '@parley/protocol';
import { nowMs } from '../clock.ts';
import type { HistoryFile } from '../audit/history-file.ts';
import { openWs } from '@parley/testing';

/** Pages of a conversation that are asked for at the end at most. */
const MOST_PAGES = 500;
const MOST_TRIES = 20;
const TRY_AGAIN_MS = 100;

export interface PersonOptions {
  readonly url: string;
  readonly user: UserId;
  readonly token: string;
  /** Of the client in the history. */
  readonly name: string;
  readonly process: string;
  readonly history: HistoryFile;
}

export class Person {
  readonly user: UserId;
  readonly name: string;
  readonly client: ChatClient;
  readonly #recorder: ClientRecorder;
  #isMoving = false;

  constructor({ url, user, token, name, process, history }: PersonOptions) {
    this.user = user;
    this.name = name;
    const device = `device of ${name}`;
    this.#recorder = new ClientRecorder({ client: name, user, device, process, now: nowMs, write: history.write });
    const openSocket = this.#recorder.wrap(openWs);
    this.client = createChatClient({ url, token, openSocket, storage: memoryStorage() });
    this.#recorder.listen(this.client);
  }

  get isSettled(): boolean {
    const { connection, waitingCount } = this.client.getSnapshot();
    return connection.status === 'online' && waitingCount === 0 && !this.#isMoving;
  }

  /** Connects and resolves when the client is online. */
  async connect(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = this.client.onEvent((event) => {
      if (event.type === 'connection' && event.connection.status === 'online') resolve();
    });
    this.client.start();
    await promise;
    off();
  }

  watch(users: readonly UserId[]): void {
    this.client.watch({ lobby: false, users });
    this.#recorder.watched(false, users);
  }

  /** False when too much waits already. */
  send(conversation: ConversationId, text: string): boolean {
    try {
      const id = this.client.send(conversation, text);
      this.#recorder.invoked(id, conversation, text);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Joins a new room; for a moment after it was made, other nodes have not heard of it. */
  async enter(room: RoomId, invite: InviteToken | undefined): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.client.joinRoom(room, invite);
        return;
      } catch (error) {
        if (!(error instanceof RefusedError) || tries === MOST_TRIES) throw error;
        await delay(TRY_AGAIN_MS);
      }
    }
  }

  /** Leaves the room, or comes back; one at a time. Refusals and silence are the business of the checker. */
  async moveInOrOut(room: RoomId): Promise<void> {
    if (this.#isMoving) return;
    this.#isMoving = true;
    const details = this.client.getSnapshot().conversations.get(room)?.details;
    const isIn = details?.kind === 'room' && details.joined;
    try {
      await (isIn ? this.client.leaveRoom(room) : this.client.joinRoom(room));
    } catch {
      // Refused or unanswered, and written down.
    }
    this.#isMoving = false;
  }

  /** Fetches everything that may be seen, shows it, and leaves. */
  async finish(): Promise<void> {
    const { client } = this;
    for (const conversation of client.getSnapshot().conversations.keys()) await this.#fetchAll(conversation);
    this.#recorder.screens(client, true);
  }

  async leave(): Promise<void> {
    await this.client.stop();
    this.#recorder.gone();
  }

  async #fetchAll(conversation: ConversationId): Promise<void> {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const snapshot = this.client.getSnapshot().conversations.get(conversation);
      const hole = snapshot?.timeline.find((item) => item.type === 'hole');
      if (hole !== undefined) await this.client.loadHole(conversation, hole.hole);
      else if (snapshot?.hasEarlier === true) await this.client.loadEarlier(conversation);
      else return;
    }
  }
}
