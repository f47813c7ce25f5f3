/** Bounds that both logs keep. */

/** Most records in one batch handed to `onBatch`: what a view can apply without holding the event loop for long. */
export const BATCH_MAX_RECORDS = 250;

/** Largest record: its key, head and body together. More than any frame can bring in, less than Kafka is asked to take. */
export const RECORD_MAX_BYTES = 120 * 1024;

/** How long `stop` waits for appends under way and for the handler. */
export const STOP_TIMEOUT_MS = 3000;
