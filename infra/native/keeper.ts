import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('keeper-process.ts', import.meta.url));

/** This program's end of the keeper: what is registered here does not outlive this process, not even its `kill -9`. */
export class Keeper {
  readonly #child: ChildProcess;

  constructor() {
    // A session of its own: whoever kills this program's whole process group must not hit it.
    this.#child = spawn(process.execPath, [PROCESS], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
    // A keeper that died is noticed by nobody but the next write; the cluster itself goes on.
    this.#child.stdin?.on('error', () => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Kill the process group `pid` when this program ends. */
  watch(pid: number): void {
    this.#tell('watch', String(pid));
  }

  forget(pid: number): void {
    this.#tell('forget', String(pid));
  }

  /** Delete this folder at the end, after the members are dead. */
  remove(folder: string): void {
    this.#tell('remove', folder);
  }

  /** Kills what is still registered, removes what is to be removed, and resolves when that is done. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }

  #tell(command: string, argument: string): void {
    this.#child.stdin?.write(`${command} ${argument}\n`);
  }
}
