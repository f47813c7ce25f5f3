/** What a run leaves behind, and what must hold of it. Judges the real cluster and the simulation alike. */
export { AuditEvent as AuditEventSchema, type AuditEvent, type AuditEventOf, type AuditEventType } from './events.ts';
export { hashText } from './hash-text.ts';
