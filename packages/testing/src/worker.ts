/** The parent's end of a worker: a Node process of its own, so that load and baselines have their own event loop and CPU time. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CpuProfile } from './cpu-profile.ts';
import { type Answer, type Methods, START_PROFILE, STOP_PROFILE } from './serve.ts';

export interface Worker<Served extends Methods> {
  readonly pid: number;
  /** @throws Error with the stack of what went wrong over there. */
  call<Name extends keyof Served & string>(
    name: Name,
    argument: Parameters<Served[Name]>[0],
  ): Promise<Awaited<ReturnType<Served[Name]>>>;
  startProfile(): Promise<void>;
  stopProfile(): Promise<CpuProfile>;
  stop(): Promise<void>;
}

/** @param file A module that calls `serve`, as `new URL('pairs-worker.ts', import.meta.url)`. */
export function startWorker<Served extends Methods>(file: URL): Worker<Served> {
  const child = fork(fileURLToPath(file), [], { execArgv: [], serialization: 'advanced' });
  const calls = answersOf(child, basename(file.pathname));
  return {
    pid: child.pid ?? 0,
    call: (name, argument) => calls(name, argument) as Promise<Awaited<ReturnType<Served[typeof name]>>>,
    startProfile: async () => {
      await calls(START_PROFILE, undefined);
    },
    stopProfile: () => calls(STOP_PROFILE, undefined) as Promise<CpuProfile>,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

function answersOf(child: ChildProcess, name: string) {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let count = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(`${name}: ${error}`));
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended with ${code ?? signal}`));
  });
  return (method: string, argument: unknown): Promise<unknown> => {
    const call = Promise.withResolvers<unknown>();
    count += 1;
    waiting.set(count, call);
    child.send({ id: count, method, argument });
    return call.promise;
  };
}
