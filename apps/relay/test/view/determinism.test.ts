import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeHead, type LoggedRecord } from '../../src/log/record.ts';
import type { Outcome } from '../../src/view/reducer.ts';
import { batchesOf, type Batching, PARTITIONS, randomBatching, randomLog } from './random-log.ts';
import { TestView } from './view.ts';

const RUNS = { numRuns: 150 };
const folder = mkdtempSync(join(tmpdir(), 'parley-view-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function applied(log: LoggedRecord[][], batching: Batching, turnPerBatch: boolean): TestView {
  const view = new TestView(PARTITIONS);
  for (const { partition, records } of batchesOf(log, batching)) {
    void view.accept(partition, records);
    if (turnPerBatch) view.run();
  }
  view.run();
  return view;
}

/** Who asked for what, as the author's id names it. */
function operationOf(outcome: Outcome): string | undefined {
  if (outcome.type === 'entry') return `${outcome.conversation.id} ${outcome.head.author} ${outcome.head.id}`;
  if (outcome.type === 'repeat' || outcome.type === 'refused')
    return `${outcome.key} ${outcome.head.author} ${outcome.head.id}`;
  return undefined;
}

describe('one log, one view', () => {
  it('however the partitions interleave and wherever turns and transactions end', () => {
    fc.assert(
      fc.property(randomLog, randomBatching, randomBatching, (log, one, other) => {
        const first = applied(log, one, true);
        const second = applied(log, other, false);
        expect(second.contents()).toEqual(first.contents());
        first.close();
        second.close();
      }),
      RUNS,
    );
  });

  it('also after a kill in the middle, wherever the last commit was', () => {
    let number = 0;
    const cut = fc.record({ afterBatch: fc.nat({ max: 40 }), committed: fc.boolean() });
    fc.assert(
      fc.property(randomLog, randomBatching, cut, (log, batching, { afterBatch, committed }) => {
        const whole = applied(log, batching, true);
        number += 1;
        const file = join(folder, `${number}.sqlite`);
        const before = new TestView(PARTITIONS, { file });
        for (const { partition, records } of batchesOf(log, batching).slice(0, afterBatch)) {
          void before.accept(partition, records);
          before.run();
          if (committed) before.clock.advance(100);
        }
        before.kill();
        const after = new TestView(PARTITIONS, { file });
        expect(after.opened.rebuiltBecause).toBeUndefined();
        const rest = log.map((records, at) => records.slice(after.opened.positions.log[at]));
        for (const { partition, records } of batchesOf(rest, batching)) {
          void after.accept(partition, records);
          after.run();
        }
        expect(after.contents()).toEqual(whole.contents());
        after.close();
        whole.close();
      }),
      { numRuns: 40 },
    );
  });

  it('counts 1, 2, 3 … in every conversation', () => {
    fc.assert(
      fc.property(randomLog, randomBatching, (log, batching) => {
        const view = applied(log, batching, true);
        const heads = new Map<string, number>();
        for (const outcome of view.outcomes) {
          if (outcome.type !== 'entry') continue;
          const { id } = outcome.conversation;
          expect(outcome.seq).toBe((heads.get(id) ?? 0) + 1);
          heads.set(id, outcome.seq);
        }
        for (const [id, head] of heads) expect(view.store.conversation(id)?.head).toBe(head);
        view.close();
      }),
      RUNS,
    );
  });

  it('gives a repeat the first result, and what was refused stays refused', () => {
    fc.assert(
      fc.property(randomLog, randomBatching, (log, batching) => {
        const view = applied(log, batching, true);
        const firsts = new Map<string, Outcome>();
        for (const outcome of view.outcomes) {
          const operation = operationOf(outcome);
          if (operation === undefined) continue;
          const first = firsts.get(operation);
          if (first === undefined) firsts.set(operation, outcome);
          else if (first.type === 'refused') expect(outcome).toMatchObject({ type: 'refused', code: first.code });
          else if (outcome.type === 'refused') expect(outcome.code).toBe('idempotency_conflict');
          else expect(outcome).toMatchObject({ type: 'repeat', seq: 'seq' in first ? first.seq : 0 });
        }
        view.close();
      }),
      RUNS,
    );
  });

  it('answers the whole log once more with what it answered first', () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        const view = applied(log, [], true);
        const answers = new Map<string, Outcome>();
        const contents = view.contents();
        for (const outcome of view.outcomes) {
          const operation = operationOf(outcome);
          if (operation !== undefined && !answers.has(operation)) answers.set(operation, outcome);
        }
        view.outcomes.length = 0;
        for (const [partition, records] of log.entries()) {
          const later = records
            .filter(({ head }) => !isNaming(head))
            .map((record) => ({ ...record, offset: record.offset + records.length }));
          if (later.length > 0) void view.accept(partition, later);
        }
        view.run();
        for (const outcome of view.outcomes) expect(outcome.type).not.toBe('entry');
        const { progress: _, ...same } = contents;
        expect(view.contents()).toMatchObject(same);
        view.close();
      }),
      RUNS,
    );
  });
});

function isNaming(line: string): boolean {
  const head = decodeHead(line);
  return 'kind' in head && head.kind === 'userNamed';
}
