import type { Member } from '@parley/infra';
import { cpuSeconds, groupCpuSeconds, machineCpu } from './processes.ts';

/** CPU seconds by part of the system. */
export interface CpuSplit {
  relays: number;
  brokers: number;
  zookeepers: number;
  nginx: number;
  load: number;
  /** Everything else that ran on this machine meanwhile, other people's work included. */
  others: number;
  /** Taken from this machine by its host. */
  stolen: number;
  /** How long it was, in seconds. */
  elapsed: number;
}

/** Starts to count; the function it returns ends that. */
export function openCpuWindow(members: readonly Member[], loadPids: readonly number[]): () => CpuSplit {
  const before = take(members, loadPids);
  return () => {
    const after = take(members, loadPids);
    const used = (key: keyof typeof before): number => after[key] - before[key];
    const own = used('relays') + used('brokers') + used('zookeepers') + used('nginx') + used('load');
    return {
      relays: used('relays'),
      brokers: used('brokers'),
      zookeepers: used('zookeepers'),
      nginx: used('nginx'),
      load: used('load'),
      others: Math.max(0, used('busy') - own),
      stolen: used('stolen'),
      elapsed: used('at'),
    };
  };
}

function take(members: readonly Member[], loadPids: readonly number[]) {
  const { busy, stolen } = machineCpu();
  const of = (kind: Member['kind']): number =>
    members.filter((member) => member.kind === kind).reduce((sum, { pid }) => sum + groupCpuSeconds(pid), 0);
  const load = [process.pid, ...loadPids].reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  return {
    relays: of('relay'),
    brokers: of('broker'),
    zookeepers: of('zookeeper'),
    nginx: of('nginx'),
    load,
    busy,
    stolen,
    at: performance.now() / 1000,
  };
}

/** Such as `relays 41 %, brokers 30 %, …` of one core. */
export function describeSplit(split: CpuSplit): string {
  const { elapsed, ...parts } = split;
  return Object.entries(parts)
    .map(([name, seconds]) => `${name} ${((100 * seconds) / elapsed).toFixed(0)} %`)
    .join(', ');
}
