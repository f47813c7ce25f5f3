// Constants of MurmurHash2 as Kafka's own clients use it, so that other tools find the same partition for a key.
const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The partition of a key. It must never change: a key's records are in order only because they share a partition. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

function murmur2(data: Buffer): number {
  const whole = data.length & ~3;
  let hash = SEED ^ data.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(data.readInt32LE(at), M);
    word = Math.imul(word ^ (word >>> 24), M);
    hash = Math.imul(hash, M) ^ word;
  }
  const left = data.length - whole;
  if (left > 0) {
    for (let at = left - 1; at >= 0; at -= 1) hash ^= (data[whole + at] ?? 0) << (8 * at);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
