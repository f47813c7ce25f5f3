/** What several rows do alike. */
import { readFileSync } from 'node:fs';
import type { Member } from '@parley/infra';
import type { Field, Row } from '../row.ts';

/** `kill -9` of all of them, and all back after `ms`; `meanwhile` runs before they come back. */
export async function downFor(
  { sleep }: Field,
  members: readonly Member[],
  ms: number,
  meanwhile?: () => void,
): Promise<void> {
  await Promise.all(members.map((member) => member.kill()));
  await sleep(ms);
  meanwhile?.();
  // Some are ready only with each other.
  await Promise.all(members.map((member) => member.restart()));
}

/** All but one, which the row's seed chooses. */
export function allButOne(members: readonly Member[], { random }: Field): Member[] {
  const left = random.pick(members);
  return members.filter((member) => member !== left);
}

export const namesOf = (members: readonly Member[]): string => members.map(({ name }) => name).join(' and ');

/** Memory that a process has, in bytes. */
export function rssOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Nobody's socket was closed by anything but its own client. */
export const noSocketCloses: NonNullable<Row['judge']> = ({ figures: { closes } }, { problem }) => {
  const unexpected = Object.entries(closes).filter(([code]) => code !== '1000');
  if (unexpected.length > 0) problem(`sockets were closed: ${JSON.stringify(Object.fromEntries(unexpected))}`);
};
