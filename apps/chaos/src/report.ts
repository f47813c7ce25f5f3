/** What a run says: a table for people, a report for machines, and the story of each violation. */
import type { AuditEvent } from '@parley/audit';
import type { RowResult } from './run-row.ts';

const HEAD = [
  'row',
  'msg/s',
  'acked',
  'lost',
  'doubled',
  'disordered',
  'unseen',
  'leaked',
  'differing',
  'other',
  'ack p50',
  'ack p99',
  'longest',
  'silence',
  'recovery',
  'verdict',
];

export function table(results: readonly RowResult[]): string {
  const rows = [HEAD, ...results.map(rowOf)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ')).join('\n');
}

export function isPassed({ verdict, problems }: RowResult): boolean {
  return verdict.violations.length === 0 && problems.length === 0;
}

/** Everything that is wrong with a row, for people. */
export function complaints({ row, verdict, problems }: RowResult): string {
  const lines = problems.map((problem) => `${row}: ${problem}`);
  for (const { check, says, story, conversation, seq, id } of verdict.violations.filter(
    (one) => one.story.length > 0,
  )) {
    lines.push(`${row}: ${check}: ${says} (${[conversation, seq, id].filter((part) => part !== undefined).join(' ')})`);
    const from = story[0]?.at ?? 0;
    for (const event of story)
      lines.push(`      ${((event.at - from) / 1_000).toFixed(3).padStart(9)} s  ${tell(event)}`);
  }
  return lines.join('\n');
}

export function toJson(results: readonly RowResult[], run: object): string {
  const rows = results.map(({ events, verdict, ...rest }) => ({
    ...rest,
    isPassed: isPassed({ events, verdict, ...rest }),
    eventCount: events.length,
    ...verdict,
  }));
  return `${JSON.stringify({ ...run, rows }, undefined, 2)}\n`;
}

function rowOf(result: RowResult): string[] {
  const { counts, figures } = result.verdict;
  const { ackMs, longestSilenceMs, recoveryMs, rate } = figures;
  return [
    result.row,
    rate.toFixed(0),
    ...[counts.acked, counts.lost, counts.doubled, counts.disordered].map(String),
    ...[counts.unseen, counts.leaked, counts.differing, counts.other + counts.ghosts].map(String),
    ...[ackMs?.p50, ackMs?.p99, ackMs?.longest, longestSilenceMs, recoveryMs].map(seconds),
    isPassed(result) ? 'pass' : 'FAIL',
  ];
}

function seconds(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function tell(event: AuditEvent): string {
  const { type, at: _at, ...rest } = event;
  return `${type} ${JSON.stringify(rest)}`;
}
