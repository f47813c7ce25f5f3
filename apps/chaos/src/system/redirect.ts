/**
 * Loaded into a relay before its own program (`--import`): leads every connection that it opens over a proxy, which is told
 * the true address first. Brokers name their own addresses to their clients, so there is no other place to get in between.
 */
import { type NetConnectOpts, Socket } from 'node:net';

const ports = new Map(
  (process.env['CHAOS_PROXIES'] ?? '').split(',').map((part) => part.split('=') as [string, string]),
);
const proxyPort = Number(ports.get(process.env['NODE_ID'] ?? '') ?? 0);

if (proxyPort > 0) {
  // oxlint-disable-next-line typescript/unbound-method -- called with its socket below
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;
  Socket.prototype.connect = function connectOverProxy(this: Socket, ...args: unknown[]): Socket {
    const target = targetOf(args);
    if (target === undefined) return connect.apply(this, args);
    const listener = args.flat().find((argument) => typeof argument === 'function');
    const options = { ...target, port: proxyPort, host: '127.0.0.1' };
    connect.call(this, options, ...(listener === undefined ? [] : [listener]));
    this.write(`${target.host ?? '127.0.0.1'}:${target.port}\n`);
    return this;
  };
}

type Target = Extract<NetConnectOpts, { port: number }>;

/** Node hands its own normalised list of arguments, `[[options, listener]]`, or what the caller gave. */
function targetOf(args: readonly unknown[]): Target | undefined {
  const [first] = args.flat();
  return typeof first === 'object' && first !== null && 'port' in first ? (first as Target) : undefined;
}
