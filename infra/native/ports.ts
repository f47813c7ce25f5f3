import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

// Ports the kernel hands to outgoing connections are avoided: thousands of test sockets could take the port of a member
// while it is down.
const LOWEST = 15_000;
const HIGHEST = ephemeralStart() - 1;
const given = new Set<number>();

/** A port of 127.0.0.1 on which nobody listens now, and that this process did not hand out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

/** Whether a process of this user could listen on it now, on 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function ephemeralStart(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/u)[0]);
    return first > LOWEST + 5_000 ? first : 49_152;
  } catch {
    return 49_152; // IANA's range, and what other systems use
  }
}
