/**
 * Of whom nobody could know where they were, and when, because of what went wrong: the truth of open sockets says nothing of
 * them then. Of several faults at once it counts from the first to the last.
 */
import type { AuditEvent } from '@parley/audit';

/** Who is silent for so long is given up by the others, who heard of it up to a heartbeat before: both are promised. Milliseconds. */
const LEASE_MS = 10_000;
/** Heard again, it still has to be told everything; and more than the grace, in which nobody's absence counts. Milliseconds. */
const RETURN_MS = 12_000;
/** After so long a relay that is cut off offers its sessions another one. Milliseconds. */
const OFFER_MS = 8_000;
/** A client that is offered another relay is there within this time, if it has any for so long. Milliseconds. */
const MOVE_MS = 10_000;

/**
 * `relayCut`: it tells its clients to go elsewhere. `relayPaused`: it can tell nothing. `relayDown`: its clients are elsewhere, and nobody can
 * go to it. `clients`: they neither hear nor are heard.
 */
export type Hidden =
  | { what: 'relayCut' | 'relayPaused' | 'relayDown'; relay: string }
  | { what: 'clients'; host: string; clients: () => readonly string[] };

interface Silence {
  readonly name: string;
  readonly since: number;
  faults: number;
  until: number;
  /** Whether a fault among them lets it tell its clients nothing. */
  isMute: boolean;
}

export class Hiding {
  readonly #relays: readonly string[];
  readonly #now: () => number;
  readonly #write: (event: AuditEvent) => void;
  readonly #open = new Map<string, Silence>();
  readonly #relaySilences: Silence[] = [];

  constructor(relays: readonly string[], now: () => number, write: (event: AuditEvent) => void) {
    this.#relays = relays;
    this.#now = now;
    this.#write = write;
  }

  /** @returns Call it when the fault is over. */
  begin(hidden: Hidden): () => void {
    const name = hidden.what === 'clients' ? hidden.host : hidden.relay;
    const silence = this.#silenceOf(name, hidden.what !== 'clients');
    silence.faults += 1;
    silence.isMute ||= hidden.what === 'relayPaused' || hidden.what === 'relayDown';
    return () => {
      silence.faults -= 1;
      if (silence.faults > 0) return;
      this.#open.delete(name);
      silence.until = this.#now();
      if (silence.until - silence.since <= LEASE_MS) return;
      const when = { from: silence.since + LEASE_MS, to: silence.until + RETURN_MS };
      if (hidden.what === 'clients') {
        for (const client of hidden.clients()) this.#write({ type: 'hidden', at: silence.until, client, ...when });
      } else if (silence.isMute || !this.#couldMove(silence))
        this.#write({ type: 'hidden', at: silence.until, node: name, ...when });
    };
  }

  #silenceOf(name: string, isRelay: boolean): Silence {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const silence = { name, since: this.#now(), faults: 0, until: Infinity, isMute: false };
    this.#open.set(name, silence);
    if (isRelay) this.#relaySilences.push(silence);
    return silence;
  }

  /** Whether another relay was there for long enough, after the offer and before the end. */
  #couldMove({ name, since, until }: Silence): boolean {
    return this.#relays.some((other) => {
      if (other === name) return false;
      let freeFrom = since + OFFER_MS;
      for (const silence of this.#relaySilences) {
        if (silence.name !== other || silence.until <= freeFrom) continue;
        if (silence.since - freeFrom >= MOVE_MS) return true;
        freeFrom = Math.max(freeFrom, silence.until);
      }
      return until - freeFrom >= MOVE_MS;
    });
  }
}
