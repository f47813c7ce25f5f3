/** Milliseconds on the machine's monotonic clock: the same in every process, so that histories of all of them can be compared. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
