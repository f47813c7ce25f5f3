/** When records gather before they are handed out, for the sake of whoever they are pushed to (`gatherMs` of log.ts). */

/** Records a second from which it can pay: with fewer, hardly two come within the time allowed. */
export const GATHER_FROM_PER_SECOND = 100;
/** Half-life of the rate of records, in milliseconds. */
export const RECORDS_HALF_LIFE_MS = 500;
