/** What a run leaves behind, and what must hold of it. Judges the real cluster and the simulation alike. */
export { CHECK_NAMES, type CheckName } from './check-names.ts';
export { checkHistory, type Counts, type Verdict } from './check-history.ts';
export { AuditEvent as AuditEventSchema, type AuditEvent, type AuditEventOf, type AuditEventType } from './events.ts';
export type { Figures, Percentiles } from './figures.ts';
export { ClientRecorder, type RecorderOptions } from './client-recorder.ts';
export { hashText } from './hash-text.ts';
export { decodeEvents, encodeEvent } from './lines.ts';
export type { AuditOptions, LagBounds, PresenceBounds } from './options.ts';
export type { Finding, Violation } from './violation.ts';
