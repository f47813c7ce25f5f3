/** What sessions are promised: who may see what, and what is said again. */
import { directConversationId } from '@parley/protocol';
import type { Row } from '../row.ts';
import { RawPeer, signInRaw } from './raw-peer.ts';

export const comeAndGo: Row = {
  id: 'F34',
  fault: 'people leave and enter rooms while they write and read',
  load: { moveEveryMs: 40 },
  bounds: {},
  async inject({ seconds, elapsedMs, sleep, fault }) {
    await sleep(1_000);
    await fault('25 a second in each process leave or enter', () => sleep(seconds * 1_000 - elapsedMs() - 1_000));
  },
};

export const manySessions: Row = {
  id: 'F33',
  fault: '20 sessions of each user, spread over the relays, one of which is killed',
  load: { sessionsPerUser: 20 },
  bounds: { recoverMs: 10_000 },
  async inject({ cluster, random, seconds, sleep, fault }) {
    await sleep((seconds * 1_000) / 3);
    const relay = random.pick(cluster.relays);
    await fault(`kill -9 ${relay.name}`, async () => {
      await relay.kill();
      await relay.restart();
    });
  },
};

/** Live entries that may come meanwhile are none here: nobody else knows this conversation. */
export const resumes: Row = {
  id: 'F35',
  fault: 'resumed twice; with a head of the future; with a foreign epoch',
  bounds: {},
  async inject({ cluster, fault, problem }) {
    const user = await signInRaw(cluster.url, 'resumes');
    const conversation = directConversationId(user.id, user.id);
    const url = cluster.relays[0]?.url ?? '';
    const first = await RawPeer.open(url, user);
    const { epoch } = first;
    await first.write(conversation, 10);
    first.end();
    const resume = async (from: { epoch: string; head: number }): Promise<RawPeer> => {
      const peer = await RawPeer.open(url, user, { epoch: from.epoch, heads: [[conversation, from.head]] });
      peer.end();
      return peer;
    };
    await fault('resumed with a part, twice with everything', async () => {
      const missed = (await resume({ epoch, head: 4 })).replayed;
      if (missed !== 6) problem(`${missed} entries instead of 6 were replayed`);
      for (let nth = 1; nth <= 2; nth += 1) {
        const { replayed } = await resume({ epoch, head: 10 });
        if (replayed !== 0) problem(`${replayed} entries were replayed to one who holds everything`);
      }
    });
    await fault('resumed with a head of the future', async () => {
      const { resync } = await resume({ epoch, head: 1_000 });
      if (resync !== 'ahead') problem(`a head of the future was answered with ${resync}`);
    });
    await fault('resumed with a foreign epoch', async () => {
      const { resync } = await resume({ epoch: 'e_foreign', head: 3 });
      if (resync !== 'epoch') problem(`a foreign epoch was answered with ${resync}`);
    });
  },
};
