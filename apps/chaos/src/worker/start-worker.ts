/** The runner's end of a process full of clients. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Methods } from './calls.ts';

export interface Worker<Served extends Methods> {
  /** @throws Error with the stack of what went wrong over there. */
  call<Name extends keyof Served & string>(
    name: Name,
    argument: Parameters<Served[Name]>[0],
  ): Promise<Awaited<ReturnType<Served[Name]>>>;
  stop(): Promise<void>;
}

/** @param file Of this folder; it calls `serve`. */
export function startWorker<Served extends Methods>(file: string): Worker<Served> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], { serialization: 'advanced' });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let count = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(`${file}: ${error}`));
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code ?? signal}`));
  });
  return {
    call(name, argument) {
      const call = Promise.withResolvers<unknown>();
      count += 1;
      waiting.set(count, call);
      child.send({ id: count, method: name, argument });
      return call.promise as Promise<Awaited<ReturnType<Served[typeof name]>>>;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
