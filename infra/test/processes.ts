import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Living processes of these process groups, zombies not counted. */
export function aliveInGroups(groups: readonly number[]): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/u.test(entry))
    .filter((pid) => {
      const fields = statOf(pid);
      return fields !== undefined && fields.state !== 'Z' && groups.includes(fields.group);
    })
    .map(Number);
}

/** Asks again and again until it holds; fails with what was waited for after `withinMs`. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, withinMs: number) {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(20);
  }
}

// "pid (name) state parent group …"; the name may hold anything.
function statOf(pid: string): { state: string; group: number } | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined;
  try {
    const [state = '', , group = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state, group: Number(group) };
  } catch {
    return undefined;
  }
}
