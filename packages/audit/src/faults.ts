import type { History } from './history.ts';
import { type Interval, union } from './intervals.ts';

/** When a nemesis was at work. */
export function faultsOf({ nemeses, endAt }: History): Interval[] {
  const faults: Interval[] = [];
  const since = new Map<string, number>();
  for (const { name, state, at } of nemeses) {
    const from = since.get(name);
    if (state === 'start') since.set(name, from ?? at);
    else if (from !== undefined) {
      faults.push({ from, to: at });
      since.delete(name);
    }
  }
  for (const from of since.values()) faults.push({ from, to: endAt });
  return union(faults);
}
