/**
 * One node put together: log → view → fan-out, and everything the sessions share. Knows no HTTP; app.ts puts that around.
 */
import type { CancelTimer } from '@parley/protocol/environment';
import type { Config } from './config.ts';
import type { Environment } from './environment.ts';
import type { Log, LogStatus, Signal } from './log/log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPresence, type NodePresence } from './presence/presence.ts';
import { createPresenceBroadcast, type PresenceBroadcast } from './presence/presence-broadcast.ts';
import { FanOut } from './session/fan-out.ts';
import { FlushScheduler } from './session/flush-scheduler.ts';
import { Operations } from './session/operations.ts';
import type { Services } from './session/services.ts';
import { SessionRegistry } from './session/session-registry.ts';
import type { BucketSettings } from './session/token-bucket.ts';
import { UserLimits } from './session/user-limits.ts';
import { Applier } from './view/applier.ts';
import { closeView, openView } from './view/database.ts';
import { ViewQueries } from './view/queries.ts';
import type { Outcome } from './view/reducer.ts';
import { ViewStore } from './view/store.ts';

/** More records than this behind the log's end: the node takes no new sockets. */
const MOST_LAG_RECORDS = 20_000;
/** So long the log may be silent before the node takes no new sockets, in milliseconds. */
const UNREADABLE_PATIENCE_MS = 5_000;
/** So long a node may lag too far before its sessions are sent to other nodes, looked at every LAG_CHECK_MS. Milliseconds. */
const LAG_PATIENCE_MS = 10_000;
const LAG_CHECK_MS = 1_000;

/** Questions that walk through the list of everybody or of all rooms, of one user on this node. */
const SEARCHES: BucketSettings = { perSecond: 10, burst: 50 };
/** Typing of one user on this node; an honest client says it every three seconds and conversation. */
const TYPING: BucketSettings = { perSecond: 2, burst: 10 };

export interface NodeOptions {
  config: Pick<Config, 'node' | 'drainMs' | 'rates'>;
  environment: Environment;
  log: Log;
  /** File of the view, or `:memory:`. */
  viewFile: string;
  incarnation: number;
  /** The process must leave: another one has its name, or its log was lost or made anew and only a new start helps. */
  onFatal(reason: string): void;
}

export class RelayNode {
  readonly metrics: Metrics = createMetrics();
  readonly #options: NodeOptions;
  readonly #presence: NodePresence;
  readonly #operations: Operations;
  readonly #sessions: SessionRegistry;
  #view: View | undefined;
  #unready: string | undefined = 'starting';
  #halted: string | undefined;
  #status: LogStatus = { readable: false, writable: false };
  #unreadableSinceMs = 0;
  #laggingSinceMs: number | undefined;
  #cancelLagCheck: CancelTimer | undefined;
  #draining = false;
  #incarnation: number;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#incarnation = options.incarnation;
    const { environment, log } = options;
    this.#operations = new Operations(log, environment);
    this.#sessions = new SessionRegistry(environment);
    this.#presence = createPresence({
      node: options.config.node,
      incarnation: options.incarnation,
      clock: environment.clock,
      random: environment.random,
      logger: environment.logger,
      publish: (signal) => log.publish(signal),
      onChanges: (changes) => this.#view?.broadcast.handleChanges(changes),
      onStale: () => this.#view?.broadcast.handleStale(),
      onFenced: (reason) => this.#handleFenced(reason),
    });
  }

  /** Resolves when the log is being read; `unreadyReason` tells when the view has caught up. */
  async start(): Promise<void> {
    const { environment, log } = this.#options;
    const { ends } = await log.start({
      onEpoch: (epoch, partitions) => this.#openView(epoch, partitions),
      onBatch: (batch) => this.#view?.applier.accept(batch),
      onSignal: (signal) => this.#handleSignal(signal),
      gatherMs: () => this.#view?.services.scheduler.gatherMs() ?? 0,
      onStatus: (status) => this.#handleStatus(status),
    });
    this.#presence.start();
    this.#unready = 'catching up with the log';
    const startedMs = environment.clock.monotonicMs();
    void this.#view?.applier.reached(ends).then(() => {
      this.#unready = undefined;
      environment.logger.info(
        { ms: Math.round(environment.clock.monotonicMs() - startedMs) },
        'caught up with the log',
      );
      this.#watchLag();
    });
  }

  /** Why this node takes no new sockets; undefined when it does. */
  unreadyReason(): string | undefined {
    if (this.#draining) return 'draining';
    if (this.#halted !== undefined) return this.#halted;
    if (this.#unready !== undefined) return this.#unready;
    if (!this.#status.readable) {
      const silentMs = this.#options.environment.clock.monotonicMs() - this.#unreadableSinceMs;
      if (silentMs > UNREADABLE_PATIENCE_MS) return `the log cannot be read: ${this.#status.reason ?? 'unknown'}`;
    }
    return this.#lagsTooFar() ? `${this.#view?.applier.lag} records behind the log` : undefined;
  }

  /** What sessions and sign-ins need; undefined until the view has been opened. */
  get services(): Services | undefined {
    return this.#view?.services;
  }

  get sessions(): SessionRegistry {
    return this.#sessions;
  }

  /** For operators: what the node has seen and where it stands. */
  report(): object {
    const view = this.#view;
    return {
      node: this.#options.config.node,
      incarnation: this.#incarnation,
      ready: this.unreadyReason() === undefined,
      reason: this.unreadyReason(),
      log: this.#status,
      epoch: view?.services.epoch,
      lag: view?.applier.lag,
      view: view?.applier.progress,
      sessions: this.#sessions.size,
      online: this.#presence.onlineCount,
      metrics: this.metrics,
    };
  }

  /** Moves the sessions elsewhere, tells the other nodes, finishes what is under way. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#cancelLagCheck?.();
    await this.#sessions.drain(this.#options.config.drainMs);
    this.#presence.drain();
    await this.#options.log.stop();
    this.#presence.stop();
    const view = this.#view;
    this.#view = undefined;
    if (this.#halted === undefined) view?.close();
  }

  #openView(epoch: string, partitions: { log: number; state: number }) {
    const { environment, viewFile, log } = this.#options;
    const opened = openView(viewFile, epoch, partitions);
    if (opened.rebuiltBecause !== undefined) {
      environment.logger.warn({ reason: opened.rebuiltBecause }, 'the view is put aside and rebuilt from the log');
    }
    const store = new ViewStore(opened.database);
    const queries = new ViewQueries(store, this.metrics);
    const fanOut = new FanOut(queries, this.metrics);
    const broadcast = createPresenceBroadcast({
      presence: this.#presence,
      userOf: (user) => queries.user(user),
      clock: environment.clock,
    });
    const applier = new Applier({
      store,
      positions: opened.positions,
      environment,
      metrics: this.metrics,
      onApplied: (outcomes) => this.#handleApplied(fanOut, outcomes),
      onMalformed: (partition, record, reason) => {
        environment.logger.warn({ partition, offset: record.offset, reason }, 'a record cannot be read and is skipped');
        log.bury(partition, record, reason);
      },
      onHalted: (reason) => this.#halt(reason),
    });
    const services = this.#createServices({ epoch, queries, fanOut, broadcast, applier });
    this.#view = {
      applier,
      broadcast,
      fanOut,
      services,
      close: () => {
        applier.commit();
        closeView(opened.database);
      },
    };
    environment.logger.info({ epoch, partitions: partitions.log }, 'the view is open');
    return opened.positions;
  }

  #createServices(parts: Pick<Services, 'epoch' | 'queries' | 'fanOut' | 'broadcast' | 'applier'>): Services {
    const { config, environment, log } = this.#options;
    return {
      ...parts,
      environment,
      log,
      node: config.node,
      operations: this.#operations,
      presence: this.#presence,
      metrics: this.metrics,
      scheduler: new FlushScheduler(environment, (count) => {
        this.metrics.writes += count;
      }),
      limits: config.rates,
      userLimits: new UserLimits(config.rates.operations, environment.clock),
      searchLimits: new UserLimits(SEARCHES, environment.clock),
      typingLimits: new UserLimits(TYPING, environment.clock),
    };
  }

  #handleApplied(fanOut: FanOut, outcomes: readonly Outcome[]): void {
    this.#guard(() => fanOut.handle(outcomes));
    this.#guard(() => this.#operations.handle(outcomes));
    for (const outcome of outcomes) {
      if (outcome.type !== 'userNamed' || !outcome.changed) continue;
      const user = { id: outcome.head.author, name: outcome.name };
      // A new name of somebody known is told by fan-out, to every session.
      this.#guard(() => this.#view?.broadcast.handleUserNamed(user, { tell: outcome.isNew }));
    }
  }

  // What was applied is applied: a fault in telling of it stops neither the view nor the process.
  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.environment.logger.error({ err: error }, 'what was applied could not be told');
    }
  }

  #handleSignal(signal: Signal): void {
    if (signal.kind === 'presence') this.#presence.handleSignal(signal);
    else if (this.#view?.fanOut.hasAudience(signal.key) === true) {
      this.#view.fanOut.handleTyping(signal.key, Buffer.from(signal.body).toString('latin1'));
    }
  }

  #handleStatus(status: LogStatus): void {
    const { environment } = this.#options;
    if (this.#status.readable && !status.readable) this.#unreadableSinceMs = environment.clock.monotonicMs();
    if (this.#status.readable !== status.readable || this.#status.writable !== status.writable) {
      environment.logger.info({ ...status }, 'the log');
    }
    this.#status = status;
    // Whether signals flow; a log that takes no appends keeps nobody from being seen.
    this.#presence.setReachable(status.readable);
    if (status.lost === true && this.#halted === undefined) {
      const reason = status.reason ?? 'the log was lost';
      this.#halt(reason);
      this.#options.onFatal(reason);
    }
  }

  #handleFenced(reason: string): void {
    const { environment } = this.#options;
    if (reason === 'replaced') {
      this.#options.onFatal('another process runs under this NODE_ID');
      return;
    }
    environment.logger.warn({ reason }, 'this node was away too long and announces itself again');
    this.#sessions.checkAll();
    this.#incarnation += 1;
    this.#presence.renew(this.#incarnation);
  }

  #halt(reason: string): void {
    this.#halted = reason;
    this.#options.environment.logger.error({ reason }, 'the view stands still');
    this.#sendElsewhere();
  }

  // A log that cannot be reached may be so for every node, and history still answers: that alone sends nobody away.
  #watchLag(): void {
    const { clock } = this.#options.environment;
    if (this.#draining) return;
    this.#cancelLagCheck = clock.setTimer(() => {
      const nowMs = clock.monotonicMs();
      if (!this.#lagsTooFar()) this.#laggingSinceMs = undefined;
      else if (this.#laggingSinceMs === undefined) this.#laggingSinceMs = nowMs;
      else if (nowMs - this.#laggingSinceMs >= LAG_PATIENCE_MS) this.#sendElsewhere();
      this.#watchLag();
    }, LAG_CHECK_MS);
  }

  #lagsTooFar(): boolean {
    return (this.#view?.applier.lag ?? 0) > MOST_LAG_RECORDS;
  }

  #sendElsewhere(): void {
    this.#sessions.closeAll('node_unready', this.#options.config.drainMs);
  }
}

interface View {
  applier: Applier;
  broadcast: PresenceBroadcast;
  fanOut: FanOut;
  services: Services;
  close(): void;
}
