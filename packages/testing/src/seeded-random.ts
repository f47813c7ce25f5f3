/** Randomness that a seed repeats: one stream for each part of the world, so that one part's use shifts no other's. */
import type { Random } from '@parley/protocol/environment';

export class SeededRandom implements Random {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(name: string) {
    this.#name = name;
    [this.#a, this.#b, this.#c] = stateFrom(name);
    // The first values of close states are alike.
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  /** A stream of its own: the same name gives the same one, whatever was drawn here before. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#name}/${name}`);
  }

  float(): number {
    return this.#next() / 4_294_967_296;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at += 1) bytes[at] = this.#next() >>> 24;
    return bytes;
  }

  /** A whole number, `least` and `most` included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.float() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.float() * (most - least);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** Exponential: the waiting time of what happens by itself. */
  waiting(mean: number): number {
    return -Math.log(1 - this.float()) * mean;
  }

  /** @throws RangeError when there is nothing to pick from. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const all = [...items];
    for (let at = all.length - 1; at > 0; at -= 1) {
      const other = this.whole(0, at);
      [all[at], all[other]] = [all[other]!, all[at]!];
    }
    return all;
  }

  // sfc32 (Chris Doty-Humphrey, PractRand): passes its tests, and needs nothing but 32-bit additions.
  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}

function stateFrom(text: string): [number, number, number] {
  const state: [number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    for (let word = 0; word < 3; word += 1) {
      const mixed = Math.imul(state[word]! ^ unit, [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f][word]!);
      state[word] = (mixed ^ (mixed >>> 15)) + state[(word + 1) % 3]!;
    }
  }
  return [state[0] | 0, state[1] | 0, state[2] | 0];
}
