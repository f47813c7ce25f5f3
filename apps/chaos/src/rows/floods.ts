/** Faults of peers that ask for far more than anybody needs. */
import { startWorker } from '@parley/testing';
import type { Row } from '../row.ts';
import type { Flood, FloodWorker, FrameFlood } from '../worker/flood-worker.ts';
import { signInRaw } from './raw-peer.ts';

const FLOOD_MS = 10_000;
const PINGS = 5_000;
const MESSAGES = 1_000;
const SOCKETS = 600;
const HALF_HANDSHAKES = 200;
/** Of one user on one node: RATE_OPERATIONS is 20 a second and 100 at once unless set. */
const MOST_MESSAGES = 100 + 20 * (FLOOD_MS / 1_000 + 2);

export const floods: Row = {
  id: 'F30',
  fault: `floods: ${PINGS} pings, ${MESSAGES} messages, ${SOCKETS} sockets a second, ${HALF_HANDSHAKES} half handshakes`,
  atLeastSeconds: 48,
  bounds: { ackP99Ms: 2_000, ackLongestMs: 5_000, recoverMs: 1_000 },
  async inject({ cluster, random, sleep, fault, problem, atEnd }) {
    const worker = startWorker<FloodWorker>(new URL('../worker/flood-worker.ts', import.meta.url));
    atEnd(() => worker.stop());
    const relay = random.pick(cluster.relays);
    const flood = async (perSecond: number): Promise<Flood> => {
      const user = await signInRaw(cluster.url, 'floods');
      return { url: relay.url ?? '', user, perSecond, forMs: FLOOD_MS };
    };
    const judge = (name: string, { limited, closes }: FrameFlood): void => {
      if (limited === 0) problem(`none of the ${name} was refused`);
      if ((closes['4503'] ?? 0) === 0) problem(`nobody was thrown out for ${name}: ${JSON.stringify(closes)}`);
    };
    await sleep(2_000);
    await fault(`${PINGS} pings a second to ${relay.name}`, async () => {
      judge('pings', await worker.call('pings', await flood(PINGS)));
    });
    await fault(`${MESSAGES} messages a second to ${relay.name}`, async () => {
      const counts = await worker.call('messages', await flood(MESSAGES));
      judge('messages', counts);
      if (counts.acked > MOST_MESSAGES) problem(`${counts.acked} messages of a flood were taken`);
    });
    await fault(`${SOCKETS} sockets a second to ${relay.name}`, async () => {
      const { asked, opened, refused, other } = await worker.call('sockets', await flood(SOCKETS));
      if (refused === 0 || other > 0)
        problem(`of ${asked} sockets ${opened} were opened, ${refused} refused, and ${other} got another answer`);
    });
    await fault(`${HALF_HANDSHAKES} handshakes that never end`, async () => {
      await worker.call('halfHandshakes', { port: cluster.nginx.port, count: HALF_HANDSHAKES, forMs: FLOOD_MS });
    });
  },
};
