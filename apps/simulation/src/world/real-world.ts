/**
 * Keeps the real world out of a run: while it is shut out, real timers, clocks and random numbers throw. What a run does then
 * depends on its seed alone, and a product that reaches for a global is found by the first seed.
 */

export interface RealWorld {
  setImmediate: (callback: () => void) => void;
  /** Milliseconds, for figures about a run, never in it. */
  nowMs: () => number;
}

const real: RealWorld = { setImmediate: globalThis.setImmediate, nowMs: performance.now.bind(performance) };

const TRAPS: readonly [holder: object, name: string][] = [
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [Date, 'now'],
  [performance, 'now'],
  [Math, 'random'],
  [crypto, 'getRandomValues'],
  [crypto, 'randomUUID'],
];

export function realWorld(): RealWorld {
  return real;
}

/** Runs the work with the real world shut out. Not to be nested. */
export async function withoutRealWorld<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = TRAPS.map(([holder, name]) => [holder, name, Object.getOwnPropertyDescriptor(holder, name)] as const);
  for (const [holder, name] of TRAPS)
    Object.defineProperty(holder, name, { value: trap(name), configurable: true, writable: true });
  try {
    return await work();
  } finally {
    for (const [holder, name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(holder, name);
      else Object.defineProperty(holder, name, descriptor);
    }
  }
}

function trap(name: string): () => never {
  return () => {
    throw new Error(`${name} of the real world was used within a run`);
  };
}
