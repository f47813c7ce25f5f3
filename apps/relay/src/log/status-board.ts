import type { LogStatus } from './log.ts';

/** Joins what the parts of a log know about its health; tells only changes. */
export interface StatusBoard {
  /** Why appends cannot be expected to succeed; undefined when they can. */
  setWriteFault(reason: string | undefined): void;
  /** Why records do not arrive; undefined when they do. */
  setReadFault(reason: string | undefined): void;
  /** Why nothing more will ever be read; cannot be taken back. */
  giveUp(reason: string): void;
}

export function createStatusBoard(tell: (status: LogStatus) => void): StatusBoard {
  let writeFault: string | undefined;
  let readFault: string | undefined;
  let lost: string | undefined;
  let told: string | undefined;

  const changed = (): void => {
    const reason = lost ?? readFault ?? writeFault;
    const status: LogStatus = {
      writable: writeFault === undefined,
      readable: lost === undefined && readFault === undefined,
      ...(reason === undefined ? {} : { reason }),
      ...(lost === undefined ? {} : { lost: true }),
    };
    const text = JSON.stringify(status);
    if (text === told) return;
    told = text;
    tell(status);
  };

  return {
    setWriteFault(reason) {
      writeFault = reason;
      changed();
    },
    setReadFault(reason) {
      readFault = reason;
      changed();
    },
    giveUp(reason) {
      lost ??= reason;
      changed();
    },
  };
}
