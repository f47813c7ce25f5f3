/** What nobody could know of a node is nobody's fault, and nothing more than that is excused. */
import { expect, it } from 'vitest';
import { type AuditEvent, checkHistory } from '../src/index.ts';

const BOUNDS = { presence: { onlineMs: 1_000, offlineMs: 20_000, graceMs: 5_000, settleMs: 1_000 } };

/** Ann watches at node-1; Ben is at node-2 from the start to the end. */
function historyWhereBenIsGone(from: number, to: number, hidden: AuditEvent[]): AuditEvent[] {
  const life = (client: string, node: string): AuditEvent[] => [
    { type: 'client', at: 0, client, user: `u_${client}`, device: client, process: client },
    { type: 'opened', at: 1, client, socket: 1 },
    { type: 'hello', at: 1, client, socket: 1, heads: [] },
    { type: 'welcome', at: 2, client, socket: 1, node, epoch: 'e' },
  ];
  const shown = (at: number, state: 'online' | 'offline'): AuditEvent => ({
    type: 'presence',
    at,
    client: 'ann',
    user: 'u_ben',
    state,
  });
  const events: AuditEvent[] = [
    ...life('ann', 'node-1'),
    ...life('ben', 'node-2'),
    { type: 'watch', at: 3, client: 'ann', lobby: true, users: [] },
    { type: 'presence', at: 10, client: 'ann', user: 'u_ann', state: 'online' },
    shown(10, 'online'),
    shown(from, 'offline'),
    shown(to, 'online'),
    ...hidden,
    { type: 'phase', at: 60_000, phase: 'end' },
  ];
  return events.toSorted((one, other) => one.at - other.at);
}

const violations = (events: AuditEvent[]): string[] =>
  checkHistory(events, BOUNDS)
    .violations.filter(({ check }) => check === 'presence')
    .map(({ says }) => says);

const HIDDEN: AuditEvent = { type: 'hidden', at: 40_000, node: 'node-2', from: 20_000, to: 40_000 };

it('shows nobody falsely who is at a hidden node', () => {
  expect(violations(historyWhereBenIsGone(25_000, 40_500, [HIDDEN]))).toEqual([]);
  expect(violations(historyWhereBenIsGone(25_000, 40_500, []))).toEqual([
    'ann shows u_ben as offline who has a session',
  ]);
});

it('excuses neither what was before, nor what comes after, nor another node', () => {
  const wrong = ['ann shows u_ben as offline who has a session'];
  expect(violations(historyWhereBenIsGone(19_000, 40_500, [HIDDEN]))).toEqual(wrong);
  expect(violations(historyWhereBenIsGone(25_000, 42_000, [HIDDEN]))).toEqual(wrong);
  const other: AuditEvent = { type: 'hidden', at: 40_000, node: 'node-3', from: 20_000, to: 40_000 };
  expect(violations(historyWhereBenIsGone(25_000, 40_500, [other]))).toEqual(wrong);
});
