/** Where the log ends: everybody hears of what was there before the question, and many ask no more than two. */
import { describe, expect, it } from 'vitest';
import { type LogPositions, LogUnavailableError } from '../../src/log/log.ts';
import { LogEnd } from '../../src/log/log-end.ts';

const at = (offset: number): LogPositions => ({ log: [offset], state: [0] });

/** A log whose answers wait for the test. */
class Asked {
  readonly questions: PromiseWithResolvers<LogPositions>[] = [];

  ends(): Promise<LogPositions> {
    const question = Promise.withResolvers<LogPositions>();
    this.questions.push(question);
    return question.promise;
  }
}

describe('the end of the log', () => {
  it('is never an answer to a question that was asked before', async () => {
    const log = new Asked();
    const end = new LogEnd(log);
    const first = end.ask();
    const later = [end.ask(), end.ask(), end.ask()];
    expect(log.questions).toHaveLength(1);
    log.questions[0]?.resolve(at(1));
    expect(await first).toEqual(at(1));
    await expect.poll(() => log.questions.length).toBe(2);
    const latest = end.ask();
    log.questions[1]?.resolve(at(2));
    expect(await Promise.all(later)).toEqual([at(2), at(2), at(2)]);
    await expect.poll(() => log.questions.length).toBe(3);
    log.questions[2]?.resolve(at(3));
    expect(await latest).toEqual(at(3));
  });

  it('is asked for anew after a question that failed', async () => {
    const log = new Asked();
    const end = new LogEnd(log);
    const failing = end.ask();
    const waiting = end.ask();
    log.questions[0]?.reject(new LogUnavailableError('no broker', { maybeWritten: false }));
    await expect(failing).rejects.toThrow('no broker');
    await expect.poll(() => log.questions.length).toBe(2);
    log.questions[1]?.resolve(at(7));
    expect(await waiting).toEqual(at(7));
  });
});
