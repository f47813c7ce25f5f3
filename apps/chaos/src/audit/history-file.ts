/** A writer's part of a history, on disk as it happens: what a killed process wrote is there. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type AuditEvent, decodeEvents, encodeEvent } from '@parley/audit';

const FLUSH_EVERY_MS = 200;

export class HistoryFile {
  readonly #file: number;
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];

  constructor(path: string) {
    this.#file = openSync(path, 'a');
    this.#timer = setInterval(() => this.#flush(), FLUSH_EVERY_MS);
  }

  readonly write = (event: AuditEvent): void => {
    this.#lines.push(encodeEvent(event));
  };

  close(): void {
    clearInterval(this.#timer);
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length > 0) writeSync(this.#file, lines.join(''));
  }
}

export function readHistoryFiles(paths: readonly string[]): AuditEvent[] {
  return paths.flatMap((path) => decodeEvents(readFileSync(path, 'utf8')));
}
