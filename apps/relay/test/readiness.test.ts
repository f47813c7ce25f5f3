import { describe, expect, it } from 'vitest';
import { Readiness } from '../src/readiness.ts';
import { FakeClock } from './support/fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  let isMute = false;
  const told: string[] = [];
  const readiness = new Readiness({
    clock,
    lag: () => 0,
    isMute: () => isMute,
    onCutOff: () => told.push('cut off'),
    onBehind: () => told.push('behind'),
  });
  readiness.handleLogStatus({ readable: true, writable: true });
  readiness.caughtUp();
  return { clock, readiness, told, mute: (on: boolean) => (isMute = on) };
}

describe('a node that is cut off from the log', () => {
  it('takes no new sockets and says so once, each time', async () => {
    const { clock, readiness, told } = setUp();
    expect(readiness.unreadyReason).toBeUndefined();
    for (const times of [1, 2]) {
      readiness.handleLogStatus({ readable: false, writable: true, reason: 'silence' });
      await clock.pass(1_000);
      expect(readiness.unreadyReason).toBeUndefined();
      await clock.pass(4_000);
      expect(readiness.unreadyReason).toContain('silence');
      expect(told).toEqual(Array.from({ length: times }, () => 'cut off'));
      readiness.handleLogStatus({ readable: true, writable: true });
      await clock.pass(2_000);
      expect(readiness.unreadyReason).toBeUndefined();
    }
  });

  it('is cut off too when it hears the others and they do not hear it', async () => {
    const { clock, readiness, told, mute } = setUp();
    mute(true);
    await clock.pass(1_500);
    expect(readiness.unreadyReason).toBeDefined();
    expect(told).toEqual(['cut off']);
    mute(false);
    expect(readiness.unreadyReason).toBeUndefined();
  });
});
