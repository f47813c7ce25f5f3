import { expect, test } from 'vitest';
import { readSettings } from '../src/settings.ts';

test('every command has its own defaults', () => {
  expect(readSettings(['latency'])).toMatchObject({ rate: 100, rounds: 6, profile: false });
  expect(readSettings(['idle'])).toMatchObject({ sockets: 5_000 });
  expect(readSettings(['sockets'])).toMatchObject({ sockets: 300 });
});

test('what is wrong is said', () => {
  expect(() => readSettings([])).toThrow('the command is ""; allowed: latency, fanout');
  expect(() => readSettings(['idle', '--seconds', 'ten'])).toThrow('--seconds is "ten"; a number is needed');
  expect(() => readSettings(['latency', '--only', 'kafka'])).toThrow('--only is "kafka"; allowed: cluster, embedded');
});
