import { type ClientFrameOf, type UserId, WATCH_MAX_USERS } from '@parley/protocol';

/** Whose presence this client follows; said again to every new socket. */
export class Watch {
  readonly #send: (frame: ClientFrameOf<'watch'>) => boolean;
  #frame: ClientFrameOf<'watch'> | undefined;

  constructor(send: (frame: ClientFrameOf<'watch'>) => boolean) {
    this.#send = send;
  }

  /** Users beyond WATCH_MAX_USERS are left out. */
  set({ lobby, users }: { lobby: boolean; users: readonly UserId[] }): void {
    const all = [...new Set(users)].slice(0, WATCH_MAX_USERS);
    const before = this.#frame;
    const isSame = before?.lobby === lobby && before.users.length === all.length && all.every(isIn(before.users));
    if (isSame) return;
    this.#frame = { type: 'watch', lobby, users: all };
    this.replay();
  }

  replay(): void {
    if (this.#frame !== undefined) this.#send(this.#frame);
  }
}

function isIn(users: readonly UserId[]): (user: UserId) => boolean {
  const known = new Set(users);
  return (user) => known.has(user);
}
