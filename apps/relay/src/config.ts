/**
 * The relay's settings: one schema of the environment, whose descriptions become the table in the README. Nothing else
 * reads process.env.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import * as z from 'zod';
import type { BucketSettings } from './session/token-bucket.ts';

function whole(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
}

const Port = whole(0, 65_535);
const NodeName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dot, dash and underscore, at most 64');

const List = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().min(1, 'no empty parts between commas')));

const Origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: 'origins such as https://chat.example.org, without a path or a slash at the end',
});

const Broker = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$/, 'brokers as host:port, separated by commas')
  .refine((broker) => Number(broker.split(':')[1]) <= 65_535, { error: 'ports up to 65535' });

/** What proxy-addr takes: addresses, networks, and names of groups of networks. */
const Proxy = z.string().refine(isProxy, {
  error: 'addresses, networks as in 10.0.0.0/8, loopback, linklocal and uniquelocal, separated by commas',
});

function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits = '0', ...rest] = text.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  return isIP(address) > 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

// Whether it is one of this machine shows when the node listens.
const Host = z.string().refine((text) => isIP(text) > 0 || /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(text), {
  error: 'an IP address or a host name',
});

/** "perSecond/burst" */
const Rate = z
  .string()
  .regex(/^\d+(\.\d+)?\/\d+$/, 'two numbers as in 20/100: so many a second, so many at once')
  .transform((text): BucketSettings => {
    const [perSecond = '1', burst = '1'] = text.split('/');
    return { perSecond: Number(perSecond), burst: Number(burst) };
  })
  .refine(({ perSecond, burst }) => perSecond > 0 && burst > 0, { error: 'numbers above 0, as in 20/100' });

/** Each variable with its default and what it is for. */
export const Settings = z.object({
  LOG: z
    .enum(['embedded', 'kafka'])
    .default('embedded')
    .describe('Where the log is: in this process (one node), or in Kafka (any number of nodes).'),
  HOST: Host.default('127.0.0.1').describe('Address to listen on.'),
  PORT: Port.default(8080).describe('Port to listen on; 0 takes a free one.'),
  ADMIN_PORT: Port.optional().describe(
    'Port on 127.0.0.1 for `/status`: counters, positions and view hashes. Unset: none.',
  ),
  NODE_ID: NodeName.optional().describe('Name of this node, unique in the cluster. Default: the host name.'),
  DATA_DIR: z.string().min(1).default('.data').describe('Folder of the view, of the embedded log and of its secret.'),
  WEB_ROOT: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the built page. Default: apps/web/dist of this checkout, if it is there.'),
  ALLOWED_ORIGINS: List.pipe(z.array(Origin))
    .optional()
    .describe(
      'Origins whose pages may sign in and connect, separated by commas. Default: localhost and 127.0.0.1 at PORT.',
    ),
  TRUST_PROXY: List.pipe(z.array(Proxy))
    .optional()
    .describe('Addresses or networks of the proxies whose X-Forwarded-* headers count. Default: none.'),
  SESSION_SECRET: z
    .string()
    .optional()
    .describe(
      'Signs the sign-ins; the same on all nodes, at least 32 bytes. Needed with LOG=kafka; embedded makes and keeps its own.',
    ),
  KAFKA_BROKERS: List.pipe(z.array(Broker))
    .optional()
    .describe('Brokers as host:port, separated by commas. Needed with LOG=kafka.'),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, dot, dash and underscore, at most 64')
    .default('parley')
    .describe('Topics are PREFIX.log, .state, .signals, .presence and .dead.'),
  KAFKA_PARTITIONS: whole(1, 256)
    .default(1)
    .describe('Partitions of topics that this node creates; fixed for the life of a log.'),
  KAFKA_REPLICATION_FACTOR: whole(1, 9).default(3).describe('Replicas of topics that this node creates.'),
  KAFKA_MIN_INSYNC_REPLICAS: whole(1, 9)
    .default(2)
    .describe('Replicas that must have a record before it is acknowledged.'),
  DRAIN_MS: whole(0, 600_000)
    .optional()
    .describe('On SIGTERM: time in which the sessions move to other nodes. Default: 5000 with LOG=kafka, 0 embedded.'),
  RATE_FRAMES: Rate.default({ perSecond: 50, burst: 200 }).describe(
    'Frames of one socket: so many a second / at once.',
  ),
  RATE_OPERATIONS: Rate.default({ perSecond: 20, burst: 100 }).describe(
    'Messages and room operations of one user on this node.',
  ),
  RATE_SOCKETS: Rate.default({ perSecond: 200, burst: 400 }).describe(
    'New sockets of this node; beyond it a handshake is answered 503 with Retry-After.',
  ),
  RATE_USER_SOCKETS: Rate.default({ perSecond: 2, burst: 50 }).describe(
    'New sockets of one user on this node; beyond it a handshake is answered 429 with Retry-After.',
  ),
  RATE_NETWORK_SOCKETS: Rate.default({ perSecond: 150, burst: 300 }).describe(
    'New sockets from one address or IPv6 /64 on this node; less than `RATE_SOCKETS`, so that no network takes it all.',
  ),
  RATE_SIGN_INS: Rate.default({ perSecond: 5, burst: 100 }).describe('Sign-ins from one address.'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('How much is logged, as JSON lines on standard output.'),
});

type Raw = z.infer<typeof Settings>;

export interface Config {
  log: 'embedded' | 'kafka';
  host: string;
  port: number;
  adminPort: number | undefined;
  node: string;
  dataDir: string;
  webRoot: string | undefined;
  /** Empty: to be derived from the port once it is known. */
  allowedOrigins: string[];
  trustProxy: string[];
  sessionSecret: string | undefined;
  kafka: {
    brokers: string[];
    topicPrefix: string;
    partitions: number;
    replicationFactor: number;
    minInsyncReplicas: number;
  };
  drainMs: number;
  rates: {
    frames: BucketSettings;
    operations: BucketSettings;
    sockets: BucketSettings;
    userSockets: BucketSettings;
    networkSockets: BucketSettings;
    signIns: BucketSettings;
  };
  logLevel: Raw['LOG_LEVEL'];
}

/** A sentence a wrong variable: its name, what was given, what is allowed. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export const MIN_SECRET_BYTES = 32;

/** @throws ConfigError */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // An empty variable is how compose files and shells say "unset".
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Settings.safeParse(given);
  if (!parsed.success) throw new ConfigError(sentences(parsed.error.issues, given));
  const problems = findConflicts(parsed.data);
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig(parsed.data);
}

function toConfig(raw: Raw): Config {
  return {
    log: raw.LOG,
    host: raw.HOST,
    port: raw.PORT,
    adminPort: raw.ADMIN_PORT,
    node:
      raw.NODE_ID ??
      (hostname()
        .replace(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 64) ||
        'relay'),
    dataDir: raw.DATA_DIR,
    webRoot: raw.WEB_ROOT,
    allowedOrigins: raw.ALLOWED_ORIGINS ?? [],
    trustProxy: raw.TRUST_PROXY ?? [],
    sessionSecret: raw.SESSION_SECRET,
    kafka: {
      brokers: raw.KAFKA_BROKERS ?? [],
      topicPrefix: raw.KAFKA_TOPIC_PREFIX,
      partitions: raw.KAFKA_PARTITIONS,
      replicationFactor: raw.KAFKA_REPLICATION_FACTOR,
      minInsyncReplicas: raw.KAFKA_MIN_INSYNC_REPLICAS,
    },
    drainMs: raw.DRAIN_MS ?? (raw.LOG === 'kafka' ? 5_000 : 0),
    rates: {
      frames: raw.RATE_FRAMES,
      operations: raw.RATE_OPERATIONS,
      sockets: raw.RATE_SOCKETS,
      userSockets: raw.RATE_USER_SOCKETS,
      networkSockets: raw.RATE_NETWORK_SOCKETS,
      signIns: raw.RATE_SIGN_INS,
    },
    logLevel: raw.LOG_LEVEL,
  };
}

function findConflicts(raw: Raw): string[] {
  const problems: string[] = [];
  const secretBytes = Buffer.byteLength(raw.SESSION_SECRET ?? '');
  if (raw.LOG === 'kafka' && raw.KAFKA_BROKERS === undefined)
    problems.push('KAFKA_BROKERS is not set; LOG=kafka needs brokers as host:port, separated by commas.');
  if (raw.LOG === 'kafka' && raw.SESSION_SECRET === undefined)
    problems.push(
      `SESSION_SECRET is not set; LOG=kafka needs at least ${MIN_SECRET_BYTES} bytes, the same on all nodes.`,
    );
  // The secret itself is never shown.
  else if (raw.SESSION_SECRET !== undefined && secretBytes < MIN_SECRET_BYTES)
    problems.push(`SESSION_SECRET has ${secretBytes} bytes; at least ${MIN_SECRET_BYTES} are needed.`);
  if (raw.KAFKA_MIN_INSYNC_REPLICAS > raw.KAFKA_REPLICATION_FACTOR) {
    problems.push(
      `KAFKA_MIN_INSYNC_REPLICAS is "${raw.KAFKA_MIN_INSYNC_REPLICAS}"; at most KAFKA_REPLICATION_FACTOR (${raw.KAFKA_REPLICATION_FACTOR}) is allowed.`,
    );
  }
  return problems;
}

/** One for each variable, about the first thing that is wrong with it. */
function sentences(issues: readonly z.core.$ZodIssue[], given: Readonly<Record<string, string | undefined>>): string[] {
  const byVariable = new Map<string, string>();
  for (const issue of issues) {
    const variable = String(issue.path[0]);
    const allowed = issue.code === 'invalid_value' ? issue.values.map(String).join(', ') : issue.message;
    if (!byVariable.has(variable)) byVariable.set(variable, sayWrong(variable, given[variable] ?? '', allowed));
  }
  return [...byVariable.values()];
}

/** A sentence for whoever set the variable. */
export function sayWrong(variable: string, value: string, allowed: string): string {
  return `${variable} is "${value}"; allowed: ${allowed}.`;
}
