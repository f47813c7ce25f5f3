/** The wall clock of this process, which can be set wrong. Monotonic time and timers go on as they are, as on a real machine. */

const TrueDate = Date;
let errorMs = 0;

class WrongDate extends TrueDate {
  constructor(...args: unknown[]) {
    super(...((args.length === 0 ? [WrongDate.now()] : args) as [number]));
  }

  static override now(): number {
    return TrueDate.now() + errorMs;
  }
}

/** From now on the clock is so far ahead of the true time; 0 sets it right. */
export function setWallClockAhead(byMs: number): void {
  errorMs = byMs;
  globalThis.Date = WrongDate as DateConstructor;
}
