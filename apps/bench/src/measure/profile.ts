/** Where the CPU goes: self time by function, from the profiles that V8 takes. */

/** What is used of the inspector's `Profiler.Profile`. */
export interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples?: number[] | undefined;
  timeDeltas?: number[] | undefined;
}

export interface HotSpot {
  /** Function, file and line. */
  name: string;
  /** Of the time that was not idle, 0 to 1. */
  share: number;
}

const NOT_WORK = new Set(['(idle)', '(root)']);

/** The functions with the most self time over all profiles, and what share of the elapsed time was not idle. */
export function hotSpots(profiles: readonly CpuProfile[], most: number): { busy: number; spots: HotSpot[] } {
  const micros = new Map<string, number>();
  let idle = 0;
  let work = 0;
  for (const { nodes, samples = [], timeDeltas = [] } of profiles) {
    const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    for (const [at, id] of samples.entries()) {
      const delta = timeDeltas[at + 1] ?? 0;
      const frame = names.get(id);
      if (frame === undefined) continue;
      if (NOT_WORK.has(frame.functionName)) {
        idle += delta;
        continue;
      }
      work += delta;
      const name = nameOf(frame);
      micros.set(name, (micros.get(name) ?? 0) + delta);
    }
  }
  const spots = [...micros]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, most)
    .map(([name, time]) => ({ name, share: time / work }));
  return { busy: work / (work + idle), spots };
}

export function describeHotSpots(title: string, profiles: readonly CpuProfile[]): string[] {
  const { busy, spots } = hotSpots(profiles, 30);
  return [
    `${title}: ${(busy * 100).toFixed(1)} % of the time not idle; of that, self time by function:`,
    ...spots.map(({ name, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${name}`),
  ];
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url
    .replace(/^file:\/\//u, '')
    .replace(/^.*\/node_modules\//u, '')
    .replace(/^.*\/((?:apps|packages|infra)\/)/u, '$1');
  return `${name}  ${path}:${lineNumber + 1}`;
}
