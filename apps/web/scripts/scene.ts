/** A small conversation that could have happened, written through the client like any other. */
import type { ChatClient } from '@parley/client';
import { directConversationId } from '@parley/protocol';
import { connect, myId, send } from '../e2e/support/program.ts';

export interface Scene {
  /** Goes on: what happens while somebody looks. */
  readonly people: ReadonlyMap<string, ChatClient>;
  /** The invite of the private room, as a fragment. */
  readonly inviteHash: string;
  stop(): Promise<void>;
}

const NAMES = ['Anna Berg', '林晓雨', 'Tomás', 'Priya Nair', '王建国', 'Jonas'] as const;

/** Fills an empty Parley: several people, two rooms, talks in both languages, and direct messages to `guest` (a user id). */
export async function playScene(url: string, guest: string): Promise<Scene> {
  const people = new Map<string, ChatClient>();
  for (const name of NAMES) people.set(name, await connect(url, name));
  const by = (name: (typeof NAMES)[number]): ChatClient => people.get(name)!;

  const garden = await by('Anna Berg').createRoom('Garden plan', 'public');
  const trip = await by('林晓雨').createRoom('周末去爬山', 'private');
  const token = await by('林晓雨').replaceInvite(trip);
  for (const name of ['林晓雨', 'Tomás', 'Priya Nair'] as const) await by(name).joinRoom(garden);
  for (const name of ['王建国', 'Anna Berg'] as const) await by(name).joinRoom(trip, token);
  await by('Priya Nair').createRoom('Book club', 'public');
  await by('王建国').createRoom('摄影爱好者', 'public');

  const say = (conversation: string) => async (name: (typeof NAMES)[number], text: string) => {
    await send(by(name), conversation, text);
  };
  const inGarden = say(garden);
  await inGarden(
    'Anna Berg',
    'Morning. The beds along the south wall get sun until six now, so I would put the tomatoes there.',
  );
  await inGarden('Anna Berg', 'And the beans behind them, where they can climb.');
  await inGarden('林晓雨', '同意。我周六可以带一些薄荷和紫苏的苗过来，阳台上长得太多了。');
  await inGarden('Tomás', 'Who has the key to the shed?');
  await inGarden('Priya Nair', 'I do. I can leave it with the neighbour on Friday.');
  await inGarden('Priya Nair', 'There is a nice overview of what to sow when at https://www.rhs.org.uk/vegetables');
  await inGarden('林晓雨', '谢谢，正好需要这个。');
  await inGarden('Tomás', 'Perfect, I will bring the soil on Saturday then. Two bags or three?');
  const inTrip = say(trip);
  await inTrip('林晓雨', '周日早上七点半在北门集合，可以吗？');
  await inTrip('王建国', '可以。天气预报说多云，最高 18 度，带一件薄外套就够了。');
  await inTrip('Anna Berg', '我带水果和三明治。');
  await inTrip('林晓雨', '太好了！下山以后一起吃火锅？');

  for (const [name, texts] of Object.entries(DIRECT)) {
    const client = people.get(name)!;
    for (const text of texts) await send(client, directConversationId(myId(client), guest), text);
  }
  return {
    people,
    inviteHash: `#/invite/${trip}/${token}`,
    async stop() {
      for (const client of people.values()) await client.stop();
    },
  };
}

const DIRECT: Readonly<Record<string, readonly string[]>> = {
  Jonas: ['Did you see the proofs? Page 12 still has the old map.'],
  林晓雨: ['你到家了吗？', '刚才忘了说，书我放在前台了。'],
};
