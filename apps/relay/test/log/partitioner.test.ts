import { assert, integer, property, string } from 'fast-check';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../src/log/kafka/partitioner.ts';
import { newRoom } from './drafts.ts';

describe('the partition of a key', () => {
  it('is the one that Kafka clients choose, for any key and any number of partitions', { timeout: 20_000 }, () => {
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    assert(
      property(string({ unit: 'binary', minLength: 1 }), integer({ min: 1, max: 100 }), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 1,
          replicas: [1],
          isr: [1],
        }));
        const message = { key: Buffer.from(key), value: null };
        expect(partitionOf(key, count)).toBe(choose({ topic: 't', partitionMetadata, message }));
      }),
      // kafkajs computes it in big integers.
      { numRuns: 30 },
    );
  });

  it('spreads rooms evenly', () => {
    const counts = [0, 0, 0];
    for (let at = 0; at < 3000; at += 1) counts[partitionOf(newRoom(), 3)]! += 1;
    for (const count of counts) expect(count).toBeGreaterThan(850);
  });
});
