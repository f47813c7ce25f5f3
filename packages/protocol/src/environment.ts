/**
 * What code on either side takes from outside instead of reaching for a global: time and randomness. A test or a
 * simulation passes its own, and the same seed then gives the same run.
 */

/** Ends a timer; calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Wall clock, milliseconds since 1970. For time stamps that people read; never for order or durations. */
  wallMs(): number;
  /** Monotonic clock, milliseconds since an arbitrary start. For time-outs, leases and durations. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`. */
  setTimer(callback: () => void, delayMs: number): CancelTimer;
}

export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** `count` random bytes, fit for ids (128 bits and more). */
  bytes(count: number): Uint8Array;
}

/** The platform's own clock. A pending timer keeps a Node process alive: one that waits to reconnect must not just end. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The platform's own randomness: the cryptographic one for bytes. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
