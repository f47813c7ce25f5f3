/** Where the CPU goes: self time by function, from the profiles that V8 takes. */
import type { CpuProfile } from '@parley/testing';

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

/**
 * Whose work it was: self time of the platform's own functions counts for the nearest caller that is a file of ours or of a
 * package. Shares of the time that was not idle, the largest first.
 */
export function byOwner(profiles: readonly CpuProfile[]): HotSpot[] {
  const micros = new Map<string, number>();
  let work = 0;
  for (const { nodes, samples = [], timeDeltas = [] } of profiles) {
    const owners = ownersOf(nodes);
    for (const [at, id] of samples.entries()) {
      const owner = owners.get(id);
      if (owner === undefined) continue;
      const delta = timeDeltas[at + 1] ?? 0;
      work += delta;
      micros.set(owner, (micros.get(owner) ?? 0) + delta);
    }
  }
  return [...micros]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, time]) => ({ name, share: time / work }));
}

/** By node; those that are no work have none. Parents come before their children. */
function ownersOf(nodes: CpuProfile['nodes']): Map<number, string> {
  const owners = new Map<number, string>();
  const inherited = new Map<number, string>();
  for (const { id, callFrame, children = [] } of nodes) {
    const owner = ownerOf(callFrame) ?? inherited.get(id) ?? 'node';
    if (!NOT_WORK.has(callFrame.functionName)) owners.set(id, owner);
    for (const child of children) inherited.set(child, owner);
  }
  return owners;
}

function ownerOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string | undefined {
  if (functionName === '(garbage collector)') return 'garbage collector';
  const dependency = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  return /\/((?:apps|packages|infra)\/.*)\/[^/]+$/u.exec(url)?.[1];
}

export function describeHotSpots(title: string, profiles: readonly CpuProfile[]): string[] {
  const { busy, spots } = hotSpots(profiles, 25);
  const owners = byOwner(profiles).slice(0, 15);
  return [
    `${title}: ${(busy * 100).toFixed(1)} % of the time not idle. Of that, by whose work it was, the platform's functions counted for their callers:`,
    ...owners.map(describeShare),
    ` and by function:`,
    ...spots.map(describeShare),
  ];
}

function describeShare({ name, share }: HotSpot): string {
  return `  ${(share * 100).toFixed(1).padStart(5)} %  ${name}`;
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
