/** CPU time and memory of processes, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Ticks a second of the times in /proc; a constant of Linux' interface to programs. */
const TICKS = 100;

/** Seconds of user and system time that the process has used, all its threads together. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid);
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** The same for a whole process group: an Nginx with its workers. */
export function groupCpuSeconds(group: number): number {
  let sum = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (Number(statFields(pid)?.[2]) === group) sum += cpuSeconds(pid);
  }
  return sum;
}

/** Resident memory in KiB. */
export function residentKib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0);
}

/** The smallest resident memory of each process within `seconds`. */
export async function quietResidentKib(pids: readonly number[], seconds: number): Promise<number[]> {
  const least = pids.map(residentKib);
  for (let elapsed = 0; elapsed < seconds; elapsed += 0.5) {
    await delay(500);
    for (const [at, pid] of pids.entries()) least[at] = Math.min(least[at] ?? Infinity, residentKib(pid));
  }
  return least;
}

export interface MachineCpu {
  /** Seconds of all cores: used by anybody, taken by the host for others, and in all. */
  busy: number;
  stolen: number;
  total: number;
}

export function machineCpu(): MachineCpu {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '';
  const ticks = line.trim().split(/\s+/u).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softIrq = 0, stolen = 0] = ticks;
  const busy = user + nice + system + irq + softIrq;
  return { busy: busy / TICKS, stolen: stolen / TICKS, total: (busy + idle + waiting + stolen) / TICKS };
}

// From the third field on: the second is the program's name, which may hold anything.
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // ended
  }
}
