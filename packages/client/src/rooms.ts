import {
  type InviteToken,
  makeOperationId,
  makeRoomId,
  normalizeName,
  type OperationId,
  type ClientFrame,
  type Presence,
  type RoomId,
  type RoomListing,
  type User,
  type UserId,
  type Visibility,
  LIST_MAX_ROWS,
} from '@parley/protocol';
import type { Clock, Random } from '@parley/protocol/environment';
import { type ListOptions, type Page, type Person, RefusedError } from './api.ts';
import type { Requests } from './requests.ts';

const DEFAULT_ROWS = 50;

export interface RoomsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly requests: Requests;
}

/** The commands on rooms and the lists of what there is. A command keeps its id over reconnects, so it takes effect once. */
export class Rooms {
  readonly #deps: RoomsDeps;

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
  }

  async create(name: string, visibility: Visibility): Promise<RoomId> {
    const conversation = makeRoomId(this.#deps.random);
    await this.#command((id) => ({ type: 'createRoom', id, conversation, name: checkName(name), visibility }));
    return conversation;
  }

  async rename(conversation: RoomId, name: string): Promise<void> {
    await this.#command((id) => ({ type: 'renameRoom', id, conversation, name: checkName(name) }));
  }

  async join(conversation: RoomId, invite?: InviteToken): Promise<void> {
    const key = invite === undefined ? {} : { invite };
    await this.#command((id) => ({ type: 'joinRoom', id, conversation, ...key }));
  }

  async leave(conversation: RoomId): Promise<void> {
    await this.#command((id) => ({ type: 'leaveRoom', id, conversation }));
  }

  async getInvite(conversation: RoomId): Promise<InviteToken | null> {
    const { invite } = await this.#deps.requests.ask('invite', (request) => ({
      type: 'invite',
      request,
      conversation,
    }));
    return invite;
  }

  async replaceInvite(conversation: RoomId): Promise<InviteToken> {
    await this.#command((id) => ({ type: 'replaceInvite', id, conversation }));
    const invite = await this.getInvite(conversation);
    if (invite === null) throw new RefusedError('internal', true, 'the new invite link is not there');
    return invite;
  }

  async listPeople(options: ListOptions = {}): Promise<Page<Person>> {
    const { users, presences, next } = await this.#deps.requests.ask('people', (request) => ({
      type: 'people',
      request,
      ...rowsOf(options),
    }));
    const known = new Map<UserId, Presence>(presences.map((presence) => [presence.user, presence]));
    const rows = users.map((user) => ({ id: user.id, name: user.name, presence: known.get(user.id) ?? offline(user) }));
    return pageOf(rows, next);
  }

  async listRooms(options: ListOptions = {}): Promise<Page<RoomListing>> {
    const { rooms, next } = await this.#deps.requests.ask('rooms', (request) => ({
      type: 'rooms',
      request,
      ...rowsOf(options),
    }));
    return pageOf(rooms, next);
  }

  async listMembers(conversation: RoomId, options: Omit<ListOptions, 'search'> = {}): Promise<Page<User>> {
    const { cursor, limit } = rowsOf(options);
    const place = cursor === undefined ? { limit } : { cursor, limit };
    const { users, next } = await this.#deps.requests.ask('members', (request) => ({
      type: 'members',
      request,
      conversation,
      ...place,
    }));
    return pageOf(users, next);
  }

  #command(frame: (id: OperationId) => ClientFrame) {
    const id = makeOperationId(this.#deps.clock, this.#deps.random);
    return this.#deps.requests.command(id, frame(id));
  }
}

const offline = (user: User): Presence => ({ user: user.id, state: 'offline' });

function checkName(typed: string): string {
  const name = normalizeName(typed);
  if (name === undefined) throw new RangeError('A name needs visible characters, and not too many of them.');
  return name;
}

function rowsOf({ search, cursor, limit = DEFAULT_ROWS }: ListOptions) {
  return {
    ...(search !== undefined && { search }),
    ...(cursor !== undefined && { cursor }),
    limit: Math.min(Math.max(Math.floor(limit), 1), LIST_MAX_ROWS),
  };
}

function pageOf<Row>(rows: Row[], next: string | undefined): Page<Row> {
  return next === undefined ? { rows } : { rows, next };
}
