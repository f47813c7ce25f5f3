/** One row of the table of faults: a fresh cluster, people on it, the fault, calm, and the judgement. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AuditEvent, type AuditOptions, checkHistory, type Verdict } from '@parley/audit';
import { type Cluster, startCluster } from '@parley/infra';
import { readLog } from './audit/read-log.ts';
import { readStatus, readViews } from './audit/read-views.ts';
import type { CleanUp } from './clean-up.ts';
import { nowMs } from './clock.ts';
import { Crowd } from './crowd.ts';
import type { Field, Load, Row } from './row.ts';
import { SeededRandom } from '@parley/testing';
import { KafkaLinks } from './system/kafka-links.ts';
import { Proxy } from './system/proxy.ts';

const RELAYS = ['relay-1', 'relay-2', 'relay-3'];
const CLIENT_PROCESSES = 2;
const CALM_WITHIN_MS = 90_000;
const ASK_EVERY_MS = 250;
/** Everybody signs in from one address here; nobody looks at the page, which need not have been built. */
const RELAY_ENV = { RATE_SIGN_INS: '100000/100000', KAFKA_PARTITIONS: '3', WEB_ROOT: '' };

/** Some write into a room that they have just left. */
const EXPECTED_REFUSAL = 'not_a_member';

/** What every row is judged by unless it says otherwise. */
export const AUDIT: AuditOptions = {
  lag: { load: 5_000, heal: 10_000, calm: 5_000, fault: 15_000 },
  presence: { onlineMs: 5_000, offlineMs: 60_000, graceMs: 8_000, settleMs: 5_000 },
  storiesPerCheck: 2,
};

export interface RunOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly load: Load;
  /** For what a run leaves behind. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface RowResult {
  readonly row: string;
  readonly fault: string;
  readonly schedule: readonly string[];
  readonly verdict: Verdict;
  /** What does not hold beside the violations. */
  readonly problems: readonly string[];
  readonly events: readonly AuditEvent[];
}

export async function runRow(row: Row, options: RunOptions, cleanUp: CleanUp): Promise<RowResult> {
  const run = new Run(row, options, cleanUp);
  try {
    return await run.run();
  } catch (error) {
    return run.broken(error);
  } finally {
    run.keepLogs();
    await cleanUp.run();
  }
}

class Run {
  readonly #row: Row;
  readonly #options: RunOptions;
  readonly #cleanUp: CleanUp;
  readonly #events: AuditEvent[] = [];
  readonly #schedule: string[] = [];
  readonly #problems: string[] = [];
  #loadFromMs = 0;
  #cluster: Cluster | undefined;

  constructor(row: Row, options: RunOptions, cleanUp: CleanUp) {
    this.#row = row;
    this.#options = options;
    this.#cleanUp = cleanUp;
    mkdirSync(options.folder, { recursive: true });
  }

  async run(): Promise<RowResult> {
    const { field, crowd } = await this.#setUp();
    this.#write({ type: 'phase', at: nowMs(), phase: 'load' });
    this.#loadFromMs = nowMs();
    await crowd.startLoad();
    await this.#row.inject(field);
    await field.sleep(field.seconds * 1_000 - field.elapsedMs());
    await crowd.stopLoad();
    this.#write({ type: 'phase', at: nowMs(), phase: 'heal' });
    await this.#heal(field);
    await this.#calm(field.cluster, crowd);
    this.#write({ type: 'phase', at: nowMs(), phase: 'calm' });
    await crowd
      .finish()
      .catch((error: unknown) => this.#problems.push(`not everything could be fetched: ${String(error)}`));
    this.#write({ type: 'phase', at: nowMs(), phase: 'end' });
    const events = [...this.#events, ...(await crowd.leave())];
    events.push(...(await readLog(field.cluster.kafkaBrokers)), ...(await readViews(field.cluster.relays)));
    return this.#judge(events, field);
  }

  /** It could not be run to its end: nothing is known, and that is a failure. */
  broken(error: unknown): RowResult {
    const says = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const problems = [...this.#problems, `the row could not be run to its end: ${says}`];
    const { id, fault } = this.#row;
    return {
      row: id,
      fault,
      schedule: this.#schedule,
      verdict: checkHistory([], AUDIT),
      problems,
      events: this.#events,
    };
  }

  /** What the members wrote goes with the cluster; a history is often understood only beside it. */
  keepLogs(): void {
    for (const { name, logFile } of this.#cluster?.members ?? [])
      if (existsSync(logFile)) copyFileSync(logFile, join(this.#options.folder, `${name}.log`));
  }

  async #setUp(): Promise<{ field: Field; crowd: Crowd }> {
    const { seed, say, folder, load } = this.#options;
    const row = this.#row;
    const random = new SeededRandom(`${row.id} ${seed}`);
    // The weather of the wires has its own source: how much passes over them must not change the schedule.
    const wires = random.fork('wires');
    const weather = (): number => wires.float();
    const kafka = await KafkaLinks.open(RELAYS, weather);
    this.#cleanUp.add(() => kafka.close());
    const links = row.usesKafkaLinks === true ? kafka.relayEnv : {};
    const relayEnv = { ...RELAY_ENV, ...links, ...row.relayEnv };
    const cluster = await startCluster({ relayEnv, relays: RELAYS.length, log: say });
    this.#cluster = cluster;
    this.#cleanUp.add(async () => {
      // Nobody is left whom they would have to send elsewhere.
      await Promise.all(cluster.relays.map((relay) => relay.kill()));
      await cluster.stop();
    });
    const front = await Proxy.open({
      target: () => ({ host: '127.0.0.1', port: cluster.nginx.port }),
      random: weather,
    });
    this.#cleanUp.add(() => front.close());
    const crowd = new Crowd({
      load: { ...load, ...row.load },
      processes: CLIENT_PROCESSES,
      signInUrl: cluster.url,
      url: `http://127.0.0.1:${front.port}`,
      folder,
      random: random.fork('crowd'),
    });
    this.#cleanUp.add(() => crowd.stop());
    await crowd.gather();
    return { field: this.#field(cluster, { front, kafka, random, people: crowd }), crowd };
  }

  #field(cluster: Cluster, parts: Pick<Field, 'front' | 'kafka' | 'random' | 'people'>): Field {
    const seconds = Math.max(this.#options.seconds, this.#row.atLeastSeconds ?? 0);
    const elapsedMs = (): number => nowMs() - this.#loadFromMs;
    return {
      ...parts,
      cluster,
      seconds,
      elapsedMs,
      sleep: (ms) => delay(Math.max(0, ms)),
      problem: (says) => void this.#problems.push(says),
      atEnd: (step) => this.#cleanUp.add(step),
      write: (event) => this.#write(event),
      fault: async (name, work) => {
        const line = `${(elapsedMs() / 1_000).toFixed(1).padStart(6)} s  ${name}`;
        this.#schedule.push(line);
        this.#options.say(line);
        this.#write({ type: 'nemesis', at: nowMs(), name, state: 'start' });
        await work();
        this.#write({ type: 'nemesis', at: nowMs(), name, state: 'stop' });
      },
    };
  }

  /** Everything that a row may have left broken works again. */
  async #heal({ cluster, front, kafka }: Field): Promise<void> {
    front.setWeather({});
    kafka.loseAnswers(0);
    for (const relay of RELAYS) kafka.of(relay).setWeather({});
    for (const member of cluster.members) if (member.running) member.resume();
    await Promise.all(cluster.members.filter(({ running }) => !running).map((member) => member.restart()));
  }

  /** Nobody waits for anything any more, and all nodes stand at the same place. */
  async #calm(cluster: Cluster, crowd: Crowd): Promise<void> {
    const untilMs = nowMs() + CALM_WITHIN_MS;
    let reason = '';
    let before = '';
    while (nowMs() < untilMs) {
      const unsettled = await crowd.unsettled();
      const places = await placesOf(cluster);
      if (unsettled.length === 0 && places.areEqual && places.text === before) return;
      before = places.text;
      reason = unsettled.length > 0 ? `${unsettled.length} clients, such as ${unsettled[0]}` : places.text;
      await delay(ASK_EVERY_MS);
    }
    this.#problems.push(`no calm within ${CALM_WITHIN_MS / 1_000} s: ${reason}`);
  }

  #judge(events: AuditEvent[], field: Field): RowResult {
    const { bounds, id, fault } = this.#row;
    const verdict = checkHistory(events, { ...AUDIT, ...this.#row.audit });
    const { ackMs, longestSilenceMs, recoveryMs, drainMs } = verdict.figures;
    const judge = (name: string, value: number | undefined, bound: number | undefined): void => {
      if (bound === undefined || (value !== undefined && value <= bound)) return;
      this.#problems.push(`${name}: ${value === undefined ? 'none' : Math.round(value)} ms, at most ${bound} ms`);
    };
    judge('recovery', recoveryMs, bounds.recoverMs);
    judge('ack p99', ackMs?.p99, bounds.ackP99Ms);
    judge('longest ack', ackMs?.longest, bounds.ackLongestMs);
    judge('everything out', drainMs, bounds.drainMs);
    judge('longest silence', longestSilenceMs, bounds.silenceMs);
    for (const [code, count] of Object.entries(verdict.figures.refusals)) {
      if (code !== EXPECTED_REFUSAL && this.#row.refusals?.includes(code) !== true)
        this.#problems.push(`${count} operations were refused for good: ${code}`);
    }
    if (verdict.counts.acked === 0) this.#problems.push('nothing was acknowledged');
    this.#row.judge?.(verdict, field);
    return { row: id, fault, schedule: this.#schedule, verdict, problems: this.#problems, events };
  }

  #write(event: AuditEvent): void {
    this.#events.push(event);
  }
}

async function placesOf({ relays }: Cluster): Promise<{ areEqual: boolean; text: string }> {
  const statuses = await Promise.all(relays.map(readStatus));
  const texts = statuses.map((status) => JSON.stringify(status?.view?.map(({ next, hash }) => [next, hash])));
  const isReady = statuses.every((status) => status?.ready === true);
  return { areEqual: isReady && new Set(texts).size === 1, text: texts.join(' | ') };
}
