import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Keeper } from './keeper.ts';

const ASK_EVERY_MS = 40;
const LAST_LINES = 20;

export type MemberKind = 'zookeeper' | 'broker' | 'relay' | 'nginx';

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One process of a cluster, over all its lives: after a restart it is the same member with another pid. */
export interface Member {
  /** Such as `relay-1`, `kafka-2`, `zookeeper-3`, `nginx`. */
  readonly name: string;
  readonly kind: MemberKind;
  /** Of the current or last life. */
  readonly pid: number;
  /** Where it serves on 127.0.0.1; the same in every life. */
  readonly port: number;
  /** `http://127.0.0.1:port`, for relays and Nginx. */
  readonly url?: string;
  /** `http://127.0.0.1:port` of a relay's `/status`: counters, positions and view hashes. */
  readonly adminUrl?: string;
  /** What it wrote to standard output and error, all lives one after the other. */
  readonly logFile: string;
  readonly running: boolean;
  /** Resolves when the current life ends. */
  readonly exited: Promise<Exit>;
  /**
   * Sends a signal (SIGKILL unless told) to the process and its children. Resolves when it is dead, or at once for a
   * signal that is not meant to end it, such as the SIGHUP that makes Nginx reload.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the process where it is (SIGSTOP); its sockets stay open and answer nothing. */
  pause(): void;
  resume(): void;
  /** Asks it to end (SIGTERM) and kills it when it has not after `graceMs` (30 s unless told). */
  stop(graceMs?: number): Promise<void>;
  /** Starts it again with its port and data, after killing it if it still runs. Resolves when it works again. */
  restart(): Promise<void>;
}

export interface MemberSpec {
  name: string;
  kind: MemberKind;
  port: number;
  url?: string;
  adminUrl?: string;
  command: string;
  args: readonly string[];
  /** The whole environment; nothing is inherited that is not here. */
  env: NodeJS.ProcessEnv;
  cwd: string;
  logFile: string;
  /** Whether it works; asked until it does. */
  isReady: () => Promise<boolean>;
  readyWithinMs: number;
  /** A line in the log of a start that failed and is worth another try. */
  transientFailure?: RegExp;
}

// What ends every kind of member. SIGHUP makes Nginx read its configuration again, SIGQUIT makes a JVM print its threads.
const FATAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGABRT']);

/** A member as a child process that leads a process group of its own. */
export class MemberProcess implements Member {
  readonly name: string;
  readonly kind: MemberKind;
  readonly port: number;
  declare readonly url?: string;
  declare readonly adminUrl?: string;
  readonly logFile: string;
  readonly #spec: MemberSpec;
  readonly #keeper: Keeper;
  #child: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #running = false;
  #paused = false;

  constructor(spec: MemberSpec, keeper: Keeper) {
    this.name = spec.name;
    this.kind = spec.kind;
    this.port = spec.port;
    if (spec.url !== undefined) this.url = spec.url;
    if (spec.adminUrl !== undefined) this.adminUrl = spec.adminUrl;
    this.logFile = spec.logFile;
    this.#spec = spec;
    this.#keeper = keeper;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    return this.#running;
  }

  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /**
   * Starts it and resolves when it works.
   * @throws Error with the last lines of its log when it ends instead or is not ready in time.
   */
  async start(): Promise<void> {
    if (this.#running) return;
    const deadline = performance.now() + this.#spec.readyWithinMs;
    for (;;) {
      const logStart = await stat(this.logFile).then(
        ({ size }) => size,
        () => 0,
      );
      this.#spawn();
      if (await this.#becomesReady(deadline)) return;
      const log = (await readFile(this.logFile)).subarray(logStart).toString();
      const ended = !this.#running;
      const again = ended && performance.now() < deadline && this.#spec.transientFailure?.test(log) === true;
      if (again) continue;
      const outcome = ended ? `ended with ${describeExit(await this.#exited)}` : 'was not ready in time';
      await this.kill();
      throw new Error(`${this.name} ${outcome}; the end of ${this.logFile}:\n${lastLines(log)}`);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.#running) return;
    this.#signal(signal);
    if (FATAL.has(signal)) await this.#exited;
  }

  pause(): void {
    this.#paused = true;
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#paused = false;
    this.#signal('SIGCONT');
  }

  async stop(graceMs = 30_000): Promise<void> {
    if (!this.#running) return;
    // Only to the leader: Nginx's master tells its workers, and a relay has no children.
    this.#child?.kill('SIGTERM');
    if (this.#paused) this.resume();
    const timeUp = new AbortController();
    const late = delay(graceMs, 'late' as const, { signal: timeUp.signal }).catch(() => 'cancelled' as const);
    const outcome = await Promise.race([this.#exited, late]);
    timeUp.abort();
    if (outcome === 'late') await this.kill();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  #spawn(): void {
    const log = openSync(this.logFile, 'a');
    const { command, args, env, cwd } = this.#spec;
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#paused = false;
    this.#running = true;
    if (child.pid !== undefined) this.#keeper.watch(child.pid);
    this.#exited = new Promise((resolve) => {
      const ended = (exit: Exit): void => {
        this.#running = false;
        if (child.pid !== undefined) this.#endGroup(child.pid);
        resolve(exit);
      };
      child.once('exit', (code, signal) => ended({ code, signal }));
      child.once('error', () => ended({ code: 127, signal: null }));
    });
  }

  // Children that outlive their leader (workers of an Nginx whose master was killed) go with it.
  #endGroup(pid: number): void {
    sendSignal(-pid, 'SIGKILL');
    this.#keeper.forget(pid);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#running && this.#child?.pid !== undefined) sendSignal(-this.#child.pid, signal);
  }

  async #becomesReady(deadline: number): Promise<boolean> {
    while (this.#running && performance.now() < deadline) {
      if (await this.#spec.isReady()) return this.#running;
      await delay(ASK_EVERY_MS);
    }
    return false;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `code ${code ?? 'unknown'}` : signal;
}

function lastLines(log: string): string {
  return log.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}
