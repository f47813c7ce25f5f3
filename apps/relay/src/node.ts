/**
 * One node put together: log → view → fan-out, and everything the sessions share. Knows no HTTP; app.ts puts that around.
 */
import type { CancelTimer } from '@parley/protocol/environment';
import type { Config } from './config.ts';
import type { Environment } from './environment.ts';
import type { Log, LogPositions, LogStatus, Signal } from './log/log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { Announcer } from './presence/announcer.ts';
import { createPresence, type NodePresence } from './presence/presence.ts';
import { createPresenceBroadcast, type PresenceBroadcast } from './presence/presence-broadcast.ts';
import { Readiness } from './readiness.ts';
import { startBalancer } from './session/balancer.ts';
import { FanOut } from './session/fan-out.ts';
import { Operations } from './session/operations.ts';
import { createServices, type Services } from './session/services.ts';
import { SessionRegistry } from './session/session-registry.ts';
import { Applier } from './view/applier.ts';
import { closeView, openView } from './view/database.ts';
import { ViewQueries } from './view/queries.ts';
import type { Outcome } from './view/reducer.ts';
import { ViewStore } from './view/store.ts';

/** After the view could be written again, the log is asked until it answers where it ends. */
const ASK_AGAIN_MS = 1_000;
/** Sessions of a node that alone is cut off from the log look for another within this, in milliseconds. */
const CUT_OFF_WINDOW_MS = 2_000;

export interface NodeOptions {
  config: Pick<Config, 'node' | 'drainMs' | 'rates'>;
  environment: Environment;
  log: Log;
  /** File of the view, or `:memory:`. */
  viewFile: string;
  /** Opens the view's file; for tests that look into it. */
  openView?: typeof openView;
  incarnation: number;
  /** The process must leave: another one has its name, or its log was lost or made anew and only a new start helps. */
  onFatal(reason: string): void;
}

export class RelayNode {
  readonly metrics: Metrics = createMetrics();
  readonly #options: NodeOptions;
  readonly #presence: NodePresence;
  readonly #announcer: Announcer;
  readonly #operations: Operations;
  readonly #sessions: SessionRegistry;
  #view: View | undefined;
  readonly #readiness: Readiness;
  #isLost = false;
  #catchUps = 0;
  #endBalancer: CancelTimer | undefined;
  #incarnation: number;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#incarnation = options.incarnation;
    const { environment, log } = options;
    this.#operations = new Operations(log, environment);
    this.#sessions = new SessionRegistry(environment);
    this.#readiness = new Readiness({
      clock: environment.clock,
      lag: () => this.#view?.applier.lag ?? 0,
      onBehind: () => this.#sendElsewhere(),
      isMute: () => this.#presence.isMute,
      onCutOff: () => this.#sessions.offerElsewhere(Math.min(options.config.drainMs, CUT_OFF_WINDOW_MS)),
    });
    this.#presence = createPresence({
      node: options.config.node,
      incarnation: options.incarnation,
      clock: environment.clock,
      random: environment.random,
      logger: environment.logger,
      sessionCount: () => (this.unreadyReason() === undefined ? this.#sessions.size : undefined),
      publish: (signal) => log.publish(signal),
      onChanges: (changes) => {
        this.#announcer.handleChanges(changes);
        this.#view?.broadcast.handleChanges(changes);
      },
      onStale: () => this.#view?.broadcast.handleStale(),
      onFenced: (reason) => this.#handleFenced(reason),
    });
    this.#announcer = new Announcer({
      node: options.config.node,
      clock: environment.clock,
      isFirst: () => this.#presence.isFirst(),
      everybody: () => this.#presence.everybody(),
      announce: (user, value) => log.announce(user, value),
    });
  }

  /** Resolves when the log is being read; `unreadyReason` tells when the view has caught up. */
  async start(): Promise<void> {
    const { ends } = await this.#options.log.start({
      onEpoch: (epoch, partitions) => this.#openView(epoch, partitions),
      onBatch: (batch) => this.#view?.applier.accept(batch),
      onSignal: (signal) => this.#handleSignal(signal),
      gatherMs: () => this.#view?.services.scheduler.gatherMs() ?? 0,
      onStatus: (status) => this.#handleStatus(status),
    });
    this.#presence.start();
    this.#announcer.start();
    this.#catchUp(ends);
    this.#endBalancer = startBalancer({
      clock: this.#options.environment.clock,
      logger: this.#options.environment.logger,
      own: () => this.#sessions.size,
      others: () => (this.unreadyReason() === undefined ? this.#presence.sessionsElsewhere() : undefined),
      move: (count, windowMs) => this.#sessions.move(count, windowMs),
    });
  }

  /** Why this node takes no new sockets; undefined when it does. */
  unreadyReason(): string | undefined {
    return this.#readiness.unreadyReason;
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
      log: this.#readiness.log,
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
    this.#readiness.drain();
    this.#endBalancer?.();
    await this.#sessions.drain(this.#options.config.drainMs);
    this.#announcer.stop();
    this.#presence.drain();
    await this.#options.log.stop();
    this.#presence.stop();
    this.#view?.broadcast.stop();
    this.#view?.close();
    this.#view = undefined;
  }

  #openView(epoch: string, partitions: { log: number; state: number }) {
    const { config, environment, viewFile, log } = this.#options;
    const opened = (this.#options.openView ?? openView)(viewFile, epoch, partitions);
    if (opened.rebuiltBecause !== undefined) {
      environment.logger.warn({ reason: opened.rebuiltBecause }, 'the view is put aside and rebuilt from the log');
    }
    const store = new ViewStore(opened.database);
    const queries = new ViewQueries(store, this.metrics);
    const fanOut = new FanOut(queries, this.metrics, environment.clock);
    const broadcast = createPresenceBroadcast({
      presence: this.#presence,
      userOf: (user) => queries.user(user),
      clock: environment.clock,
    });
    const applier = new Applier({
      store,
      environment,
      metrics: this.metrics,
      onApplied: (outcomes) => this.#handleApplied(fanOut, outcomes),
      onMalformed: (partition, record, reason) => {
        environment.logger.warn({ partition, offset: record.offset, reason }, 'a record cannot be read and is skipped');
        log.bury(partition, record, reason);
      },
      onHalted: (reason) => this.#standStill(reason),
      onStalled: (reason) => this.#standStill(reason),
      onResumed: () => this.#resume(),
    });
    const services = createServices({
      environment,
      log,
      epoch,
      queries,
      fanOut,
      broadcast,
      applier,
      node: config.node,
      limits: config.rates,
      operations: this.#operations,
      presence: this.#presence,
      metrics: this.metrics,
    });
    this.#view = {
      applier,
      broadcast,
      fanOut,
      services,
      close: () => closeView(opened.database, { isWhole: applier.close() }),
    };
    environment.logger.info({ epoch, partitions: partitions.log }, 'the view is open');
    return opened.positions;
  }

  #handleApplied(fanOut: FanOut, outcomes: readonly Outcome[]): void {
    this.#guard(() => fanOut.handle(outcomes));
    this.#guard(() => this.#operations.handle(outcomes));
    for (const outcome of outcomes) {
      if (outcome.type !== 'userNamed' || !outcome.changed) continue;
      this.#view?.services.replayPages.forget(outcome.head.author);
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
    const { log: before } = this.#readiness;
    if (before.readable !== status.readable || before.writable !== status.writable) {
      environment.logger.info({ ...status }, 'the log');
    }
    this.#readiness.handleLogStatus(status);
    // Whether signals flow; a log that takes no appends keeps nobody from being seen.
    this.#presence.setReachable(status.readable);
    if (status.lost === true && !this.#isLost) {
      this.#isLost = true;
      const reason = status.reason ?? 'the log was lost';
      this.#standStill(reason);
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

  #catchUp(ends: LogPositions): void {
    const { clock, logger } = this.#options.environment;
    this.#catchUps += 1;
    const turn = this.#catchUps;
    const startedMs = clock.monotonicMs();
    this.#readiness.catchUp();
    void this.#view?.applier.reached(ends).then(() => {
      if (turn !== this.#catchUps) return;
      logger.info({ ms: Math.round(clock.monotonicMs() - startedMs) }, 'caught up with the log');
      this.#readiness.caughtUp();
    });
  }

  #standStill(reason: string): void {
    this.#readiness.standStill(reason);
    this.#options.environment.logger.error({ reason }, 'the view stands still');
    this.#sendElsewhere();
  }

  /** The view goes on: ready again once it has what came meanwhile. */
  #resume(): void {
    if (this.#isLost) return;
    this.#readiness.catchUp();
    this.#readiness.goOn();
    void this.#askHowFar();
  }

  async #askHowFar(): Promise<void> {
    if (this.#view === undefined) return;
    try {
      this.#catchUp(await this.#options.log.ends());
    } catch {
      this.#options.environment.clock.setTimer(() => void this.#askHowFar(), ASK_AGAIN_MS);
    }
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
