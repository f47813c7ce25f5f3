/** Stretches of time: half open, ascending, apart from each other. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Sorts, and joins what overlaps or lies no more than `gap` apart. */
export function union(intervals: readonly Interval[], gap = 0): Interval[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of intervals.toSorted((one, other) => one.from - other.from)) {
    const last = joined.at(-1);
    if (last !== undefined && from - last.to <= gap) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** What lies in both. */
export function intersect(one: readonly Interval[], other: readonly Interval[]): Interval[] {
  const both: Interval[] = [];
  for (let a = 0, b = 0; a < one.length && b < other.length;) {
    const [x, y] = [one[a]!, other[b]!];
    const [from, to] = [Math.max(x.from, y.from), Math.min(x.to, y.to)];
    if (from < to) both.push({ from, to });
    if (x.to < y.to) a += 1;
    else b += 1;
  }
  return both;
}

/** What lies between them, from the beginning of time to its end. */
export function complement(intervals: readonly Interval[]): Interval[] {
  const gaps: Interval[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const interval of intervals) {
    if (interval.from > from) gaps.push({ from, to: interval.from });
    from = interval.to;
  }
  if (from < Number.POSITIVE_INFINITY) gaps.push({ from, to: Number.POSITIVE_INFINITY });
  return gaps;
}

/** Each begins `ms` later; what is shorter vanishes. */
export function afterFirst(intervals: readonly Interval[], ms: number): Interval[] {
  return intervals.map(({ from, to }) => ({ from: from + ms, to })).filter(({ from, to }) => from < to);
}
