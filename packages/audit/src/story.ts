/** Tells what happened to one message over all processes: the least that shows why something is a violation. */
import type { AuditEvent } from './events.ts';
import type { Finding } from './violation.ts';

/** Events around the moment that belong to it whatever they are about: what the client's socket and the nemesis did. */
const AROUND_MS = 5_000;
const STORY_MAX_EVENTS = 60;

/** One pass for all: the events that concern each finding, in order of time. */
export function tellStories(events: readonly AuditEvent[], findings: readonly Finding[]): AuditEvent[][] {
  const stories = findings.map((): AuditEvent[] => []);
  const byKey = new Map<string, number[]>();
  for (const [at, finding] of findings.entries()) {
    for (const key of keysOf(finding)) {
      const own = byKey.get(key);
      if (own === undefined) byKey.set(key, [at]);
      else own.push(at);
    }
  }
  for (const event of events) {
    const concerned = new Set<number>();
    for (const key of keysOfEvent(event)) for (const at of byKey.get(key) ?? []) concerned.add(at);
    for (const at of concerned) if (isTold(event, findings[at]!)) stories[at]!.push(event);
  }
  return stories.map((story) => shorten(story.toSorted((one, other) => one.at - other.at)));
}

const EVERYBODY = '*';

function keysOf({ id, conversation, seq, client, user, node }: Finding): string[] {
  const keys = [EVERYBODY];
  if (id !== undefined) keys.push(`id ${id}`);
  if (conversation !== undefined && seq !== undefined) keys.push(`place ${conversation} ${seq}`);
  if (client !== undefined) keys.push(`client ${client}`);
  if (user !== undefined) keys.push(`user ${user}`);
  if (node !== undefined) keys.push(`node ${node}`);
  return keys;
}

function keysOfEvent(event: AuditEvent): string[] {
  const keys: string[] = [];
  if (event.type === 'nemesis' || event.type === 'phase') keys.push(EVERYBODY);
  if ('id' in event) keys.push(`id ${event.id}`);
  if ('conversation' in event && 'seq' in event) keys.push(`place ${event.conversation} ${event.seq}`);
  if ('client' in event && isAboutSocket(event)) keys.push(`client ${event.client}`);
  if ('user' in event && (event.type === 'presence' || event.type === 'client')) keys.push(`user ${event.user}`);
  if (event.type === 'position') keys.push(`node ${event.node}`);
  return keys;
}

function isAboutSocket({ type }: AuditEvent): boolean {
  return ['client', 'gone', 'opened', 'hello', 'welcome', 'caughtUp', 'closed', 'ended', 'stale'].includes(type);
}

function isTold(event: AuditEvent, { at, id, user, client }: Finding): boolean {
  if (event.type === 'nemesis') return at === undefined || Math.abs(event.at - at) < 12 * AROUND_MS;
  if (event.type === 'presence') return event.user === user && (client === undefined || event.client === client);
  if ('id' in event && event.id === id) return true;
  return at === undefined || !isAboutSocket(event) || Math.abs(event.at - at) < AROUND_MS;
}

function shorten(story: AuditEvent[]): AuditEvent[] {
  if (story.length <= STORY_MAX_EVENTS) return story;
  return [...story.slice(0, STORY_MAX_EVENTS / 2), ...story.slice(-STORY_MAX_EVENTS / 2)];
}
