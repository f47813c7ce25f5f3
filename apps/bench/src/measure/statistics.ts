export interface Summary {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** Percentiles by the nearest rank. All zero when there is nothing. */
export function summarize(samples: Float64Array): Summary {
  const sorted = samples.toSorted();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** For a line on the screen. */
export function brief({ p50, p99, count }: Summary): string {
  return `p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms (${count})`;
}
