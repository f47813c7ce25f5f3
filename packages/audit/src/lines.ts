/** Histories as files: one event a line of JSON. */
import { AuditEvent } from './events.ts';

export function encodeEvent(event: AuditEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/**
 * Reads lines. A last line that was cut off, because its writer was killed, is left out.
 * @throws Error that names the line, for every other one that is no event.
 */
export function decodeEvents(text: string): AuditEvent[] {
  const lines = text.split('\n');
  // After the last line's end there is nothing, or what was cut off.
  lines.pop();
  return lines.map((line, at) => {
    try {
      return AuditEvent.parse(JSON.parse(line));
    } catch (error) {
      throw new Error(`line ${at + 1} is no event: ${line.slice(0, 200)}`, { cause: error });
    }
  });
}
