import type { LogStatus } from './log.ts';

/** Joins what the parts of a log know about its health; tells only changes. */
export interface StatusBoard {
  /** Why appends cannot be expected to succeed; undefined when they can. */
  setWriteFault(reason: string | undefined): void;
  /** Why records do not arrive; undefined when they do. */
  setReadFault(reason: string | undefined): void;
}

export function createStatusBoard(tell: (status: LogStatus) => void): StatusBoard {
  let writeFault: string | undefined;
  let readFault: string | undefined;
  let told: string | undefined;

  const changed = (): void => {
    const reason = readFault ?? writeFault;
    const status: LogStatus = {
      writable: writeFault === undefined,
      readable: readFault === undefined,
      ...(reason === undefined ? {} : { reason }),
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
  };
}
