/** Bounds that both logs keep. */

/** Most records in one batch handed to `onBatch`: what a view can apply without holding the event loop for long. */
export const BATCH_MAX_RECORDS = 250;

/** `max.message.bytes` of the topics: more than any frame can bring in. Counts a record's key, head and body. */
export const RECORD_MAX_BYTES = 128 * 1024;

/** How long `stop` waits for appends under way and for the handler. */
export const STOP_TIMEOUT_MS = 3000;
