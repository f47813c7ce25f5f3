/** What happened, as a running hash of every event, and in words where somebody wants to read them. */
import { crc32 } from 'node:zlib';

export class Trace {
  /** Told each line; undefined where only the hash is wanted. */
  readonly #tell: ((line: string) => void) | undefined;
  #low = 0;
  #high = 0x5eed;

  constructor(tell?: (line: string) => void) {
    this.#tell = tell;
  }

  /** 64 bits: equal for equal runs. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  get isTold(): boolean {
    return this.#tell !== undefined;
  }

  event(at: number, label: string): void {
    const line = `${at} ${label}`;
    this.#low = crc32(line, this.#low);
    this.#high = Math.imul(this.#high ^ this.#low, 0x85ebca6b) ^ (this.#high >>> 13);
    this.#tell?.(`${at.toFixed(3).padStart(12)} ${label}`);
  }

  /** For the reader only: not part of the hash. */
  note(at: number, text: string): void {
    this.#tell?.(`${at.toFixed(3).padStart(12)}     ${text}`);
  }
}

const hex = (bits: number): string => (bits >>> 0).toString(16).padStart(8, '0');
