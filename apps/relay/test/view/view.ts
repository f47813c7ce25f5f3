/** A view on a file or in memory, fed by hand: every turn of its applier is asked for. */
import { createMetrics } from '../../src/metrics.ts';
import type { LoggedRecord } from '../../src/log/record.ts';
import type { Topic } from '../../src/log/log.ts';
import { Applier } from '../../src/view/applier.ts';
import { openView, type OpenedView } from '../../src/view/database.ts';
import { ViewQueries } from '../../src/view/queries.ts';
import type { Outcome } from '../../src/view/reducer.ts';
import { ViewStore } from '../../src/view/store.ts';
import { FakeClock, seededRandom } from '../support/fake-clock.ts';
import { quiet } from '../support/quiet.ts';

export class TestView {
  readonly opened: OpenedView;
  readonly store: ViewStore;
  readonly queries: ViewQueries;
  readonly applier: Applier;
  readonly clock = new FakeClock();
  readonly metrics = createMetrics();
  readonly outcomes: Outcome[] = [];
  readonly buried: { partition: number; offset: number; reason: string }[] = [];
  readonly halts: string[] = [];
  readonly stalls: string[] = [];
  readonly #soon: (() => void)[] = [];

  constructor(partitions: number, options: { file?: string; epoch?: string } = {}) {
    this.opened = openView(options.file ?? ':memory:', options.epoch ?? 'e_1', { log: partitions, state: 1 });
    this.store = new ViewStore(this.opened.database);
    this.queries = new ViewQueries(this.store, this.metrics);
    this.applier = new Applier({
      store: this.store,
      environment: {
        clock: this.clock,
        random: seededRandom(1),
        logger: quiet,
        soon: (callback) => void this.#soon.push(callback),
      },
      metrics: this.metrics,
      onApplied: (outcomes) => void this.outcomes.push(...outcomes),
      onMalformed: (partition, { offset }, reason) => void this.buried.push({ partition, offset, reason }),
      onHalted: (reason) => void this.halts.push(reason),
      onStalled: (reason) => void this.stalls.push(reason),
      onResumed: () => void this.stalls.push('resumed'),
    });
  }

  accept(partition: number, records: LoggedRecord[], topic: Topic = 'log'): Promise<void> | void {
    return this.applier.accept({ topic, partition, records, end: (records.at(-1)?.offset ?? -1) + 1 });
  }

  /** Everything that was to come soon, and what comes soon after it. */
  run(): void {
    for (let next = this.#soon.shift(); next !== undefined; next = this.#soon.shift()) next();
  }

  /** One turn. */
  runOnce(): void {
    this.#soon.shift()?.();
  }

  close(): void {
    this.applier.commit();
    this.opened.database.close();
  }

  /** As after a killed process: what was not committed is not there. */
  kill(): void {
    this.opened.database.close();
  }

  /** Everything that the view holds, with ids in place of this view's own numbers. */
  contents(): Record<string, unknown[]> {
    const all = (sql: string): unknown[] => this.opened.database.prepare(sql).all();
    return {
      users: all('SELECT id, name, search FROM users ORDER BY id'),
      conversations: all('SELECT id, name, search, visibility, invite, member_count FROM conversations ORDER BY id'),
      memberships: all(`SELECT m.user, c.id, m.joined, m.ended FROM memberships m
        JOIN conversations c ON c.ref = m.conversation ORDER BY m.user, c.id`),
      entries: all(`SELECT c.id AS conversation, e.seq, e.kind, e.id, e.author, e.at, hex(e.body) FROM entries e
        JOIN conversations c ON c.ref = e.conversation ORDER BY c.id, e.seq`),
      answers: all('SELECT id, author, key, code, seq, at FROM answers ORDER BY id, author, key'),
      progress: this.applier.progress,
    };
  }
}
