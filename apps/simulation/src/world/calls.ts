/** Requests and answers between hosts. Each may be late, and arrive although nobody waits for it any more. */
import type { Network } from './network.ts';
import type { SimProcess } from './process.ts';

/** Where a process lives; it may be down, and another one may live there later. */
export interface Host {
  readonly name: string;
  readonly process: SimProcess | undefined;
}

export type CallResult<Answer> =
  | { answer: Answer }
  /** `refused`: nobody was there. `reset`: the connection ended, before the request arrived or after. */
  | { failed: 'refused' | 'reset' };

export interface Call<Answer> {
  from: Host;
  to: Host;
  label: string;
  /** Runs at the other side. */
  serve: (answer: (value: Answer) => void) => void;
  /** Runs at this side, at most once; never where no answer gets through, so whoever calls has a time limit of its own. */
  done: (result: CallResult<Answer>) => void;
}

interface UnderWay {
  from: string;
  to: string;
  cut(): void;
}

export class Calls {
  readonly #network: Network;
  readonly #underWay = new Set<UnderWay>();

  constructor(network: Network) {
    this.#network = network;
  }

  call<Answer>({ from, to, label, serve, done }: Call<Answer>): void {
    const caller = from.process;
    caller?.effect();
    if (caller?.isAlive !== true) return;
    const back = this.#network.path(to.name, from.name);
    let isOver = false;
    let isCut = false;
    const finish = (result: CallResult<Answer>, what: string): void => {
      back.carry(`${label} ${what}`, () => {
        if (!isCut) settle(result);
      });
    };
    const settle = (result: CallResult<Answer>): void => {
      caller.deliver(label, () => {
        if (isOver) return;
        isOver = true;
        this.#underWay.delete(underWay);
        done(result);
      });
    };
    const underWay = {
      from: from.name,
      to: to.name,
      cut: (): void => {
        isCut = true;
        this.#underWay.delete(underWay);
        settle({ failed: 'reset' });
      },
    };
    this.#underWay.add(underWay);
    this.#network.path(from.name, to.name).carry(label, () => {
      if (isCut) return;
      const server = to.process;
      if (server === undefined) {
        finish({ failed: 'refused' }, 'refused');
        return;
      }
      const forget = server.onDeath(() => finish({ failed: 'reset' }, 'reset'));
      server.deliver(label, () =>
        serve((answer) => {
          if (!server.isAlive) return;
          forget();
          finish({ answer }, 'answered');
        }),
      );
    });
  }

  /** Every connection between the two ends: what has not arrived never will, what was not answered never will be. */
  cut(one: string, other: string): void {
    for (const call of this.#underWay) {
      if ((call.from === one && call.to === other) || (call.from === other && call.to === one)) call.cut();
    }
  }
}
