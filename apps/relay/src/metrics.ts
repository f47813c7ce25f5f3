/** Counts of one node since its start, for operators, the benchmark and the tests. */
export interface Metrics {
  /** Records that arrived from the log. */
  seen: number;
  /** Records whose body was decoded, because a session here is shown it. */
  decoded: number;
  /** Frames handed to a session's outbound queue by fan-out. */
  delivered: number;
  /** Records put aside because they could not be read. */
  malformed: number;
  /** Writes to sockets. */
  writes: number;
  /** Frames refused as malformed, unknown or invalid. */
  badFrames: number;
  /** Sockets cut because they did not read. */
  slowReaders: number;
  /** Pages of entries read from the view for sessions that came back. */
  pagesRead: number;
}

export function createMetrics(): Metrics {
  return { seen: 0, decoded: 0, delivered: 0, malformed: 0, writes: 0, badFrames: 0, slowReaders: 0, pagesRead: 0 };
}
