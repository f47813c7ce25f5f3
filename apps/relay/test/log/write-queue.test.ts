import { describe, expect, it } from 'vitest';
import { createWriteQueue } from '../../src/log/write-queue.ts';

describe('a queue of writes', () => {
  it('that refused one lets no shorter one pass it until it has drained', async () => {
    const queue = createWriteQueue<string>();
    const settle = { records: 1_000_000, bytes: 20 * 1024 * 1024 };
    for (let count = 0; count < 335; count += 1) void queue.push('before', 100_000);
    await expect(queue.push('long', 100_000)).rejects.toThrow('too many');
    await expect(queue.push('short', 10)).rejects.toThrow('too many');
    expect(queue.take(settle).length).toBeGreaterThan(0);
    void queue.push('later', 10);
    expect(queue.take({ records: 1_000_000, bytes: 1e9 }).at(-1)?.item).toBe('later');
  });
});
