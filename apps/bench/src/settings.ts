/** The command line: one set of options for all commands, each with the defaults that the command names. */
import { parseArgs } from 'node:util';

export const COMMANDS = ['latency', 'fanout', 'throughput', 'idle', 'sockets'] as const;
export type Command = (typeof COMMANDS)[number];

export interface Settings {
  command: Command;
  /** Length of every measured part. */
  seconds: number;
  /** Load before the first figure: fresh JVMs and JavaScript engines are slow for minutes. */
  warmUpSeconds: number;
  /** Messages a second; what it means is the command's. */
  rate: number;
  /** How often system and baseline take turns. */
  rounds: number;
  users: number;
  receivers: number;
  sockets: number;
  /** Length of a message's text. */
  bytes: number;
  /** Processes of the load generator. */
  loaders: number;
  /** Where the load of `throughput` connects. */
  through: 'nginx' | 'relays';
  /** Which half of `latency`. */
  only: 'cluster' | 'embedded' | undefined;
  /** Of the relays' log and of the baseline's topic. */
  partitions: number;
  jit: 'quick' | 'full';
  profile: boolean;
  json: string | undefined;
}

const DEFAULTS = {
  latency: { seconds: 60, warmUp: 120, rate: 100, rounds: 6, users: 300 },
  fanout: { seconds: 60, warmUp: 60, rate: 20, rounds: 3, users: 6 },
  throughput: { seconds: 30, warmUp: 90, rate: 2_000, rounds: 1, users: 300 },
  idle: { seconds: 30, warmUp: 30, rate: 0, rounds: 2, users: 0 },
  sockets: { seconds: 0, warmUp: 0, rate: 0, rounds: 1, users: 0 },
} satisfies Record<Command, { seconds: number; warmUp: number; rate: number; rounds: number; users: number }>;

export const USAGE = `pnpm bench COMMAND [options]

  latency      sent → seen against bare kafkajs, and the embedded mode against a bare fsync
  fanout       relay CPU of a delivery in a large room against a bare ws loop
  throughput   the highest rate of 1:1 messages with p99 ≤ 250 ms and nothing lost
  idle         CPU of a quiet cluster, memory of idle sockets
  sockets      how Nginx spreads sockets over the nodes

  --seconds N    length of every measured part      --warm-up N   seconds of load before the first figure
  --rate N       messages a second                  --rounds N    turns of system and baseline
  --users N      people who write                   --bytes N     length of a message's text (default 100)
  --receivers N  of the room (default 300)          --sockets N   default 5000 for idle, 300 for sockets
  --loaders N    processes of the load (default 1)  --through nginx|relays   where throughput connects
  --only cluster|embedded     one half of latency   --jit quick|full   the brokers' JVMs (default full)
  --partitions N of the log, and of the baseline's topic (default 1)
  --profile      where the relays' and the load's CPU goes
  --json FILE    writes everything printed, and more, as JSON`;

/** @throws Error with a sentence about what is wrong. */
export function readSettings(args: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      rate: { type: 'string' },
      rounds: { type: 'string' },
      users: { type: 'string' },
      receivers: { type: 'string' },
      sockets: { type: 'string' },
      bytes: { type: 'string' },
      loaders: { type: 'string' },
      through: { type: 'string' },
      only: { type: 'string' },
      partitions: { type: 'string' },
      jit: { type: 'string' },
      profile: { type: 'boolean' },
      json: { type: 'string' },
    },
  });
  const command = oneOf('the command', positionals[0], COMMANDS);
  const defaults = DEFAULTS[command];
  const number = (name: keyof typeof values, fallback: number): number => numberOf(name, values[name], fallback);
  return {
    command,
    seconds: number('seconds', defaults.seconds),
    warmUpSeconds: number('warm-up', defaults.warmUp),
    rate: number('rate', defaults.rate),
    rounds: number('rounds', defaults.rounds),
    users: number('users', defaults.users),
    receivers: number('receivers', 300),
    sockets: number('sockets', command === 'sockets' ? 300 : 5_000),
    bytes: number('bytes', 100),
    loaders: number('loaders', 1),
    through: oneOf('--through', values.through ?? 'nginx', ['nginx', 'relays']),
    only:
      values.only === undefined
        ? undefined
        : oneOf<'cluster' | 'embedded'>('--only', values.only, ['cluster', 'embedded']),
    partitions: number('partitions', 1),
    jit: oneOf('--jit', values.jit ?? 'full', ['quick', 'full']),
    profile: values.profile === true,
    json: values.json,
  };
}

function numberOf(name: string, given: string | boolean | undefined, fallback: number): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} is "${given}"; a number is needed`);
  return value;
}

function oneOf<Value extends string>(name: string, given: string | undefined, allowed: readonly Value[]): Value {
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw new Error(`${name} is "${given ?? ''}"; allowed: ${allowed.join(', ')}`);
  return found;
}
