/** What comes over a socket that is no frame of the protocol, or none of WebSocket at all: refused, and nothing of it stays. */
import { requestToken } from '@parley/client';
import { directConversationId, FRAME_MAX_BYTES, makeRoomId, PROTOCOL_VERSION } from '@parley/protocol';
import { systemRandom } from '@parley/protocol/environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CORPUS } from '../../../packages/protocol/test/corpus.ts';
import { Peer } from './support/peer.ts';
import { RawSocket, type FrameParts } from './support/raw-socket.ts';
import { removeDataDir, startRelay, type TestRelay } from './support/relay.ts';

const NO_LIMIT = '1000000/1000000';
const HELLO = `{"type":"hello","version":${PROTOCOL_VERSION},"oldest":${PROTOCOL_VERSION},"device":"v_s7LqEw3RTyU1iOp0AsDfGQ"}`;

let relay: TestRelay;
let token: string;
let user: string;

beforeAll(async () => {
  relay = await startRelay({ RATE_FRAMES: NO_LIMIT, RATE_OPERATIONS: NO_LIMIT, RATE_USER_SOCKETS: NO_LIMIT });
  ({
    token,
    user: { id: user },
  } = await requestToken(relay.url, 'Mallory'));
});
afterAll(async () => {
  await relay.stop();
  removeDataDir(relay);
});

function logEnd(): Promise<unknown> | undefined {
  return relay.node.services?.log.ends();
}

async function expectServes(): Promise<void> {
  const peer = await Peer.open(relay, token);
  peer.write(HELLO);
  expect((await peer.until('welcome')).frame.me.id).toBe(user);
  await peer.close();
}

const text = (content: string): FrameParts => ({ opcode: 1, payload: Buffer.from(content) });

describe('bytes that are no WebSocket frame', () => {
  it.each<[string, FrameParts[], number]>([
    ['a frame that is not masked', [{ ...text(HELLO), masked: false }], 1002],
    ['the first reserved bit, with no compression agreed', [{ ...text(HELLO), reserved: 0b100 }], 1002],
    ['the second reserved bit', [{ ...text(HELLO), reserved: 0b010 }], 1002],
    ['the third reserved bit', [{ ...text(HELLO), reserved: 0b001 }], 1002],
    ['an opcode for data to come', [{ ...text(HELLO), opcode: 3 }], 1002],
    ['an opcode for control to come', [{ opcode: 0xb }], 1002],
    ['a continuation of nothing', [{ ...text(HELLO), opcode: 0 }], 1002],
    ['a text within a text', [{ ...text('{'), fin: false }, text(HELLO)], 1002],
    ['a ping in fragments', [{ opcode: 9, fin: false }], 1002],
    ['a ping over 125 bytes', [{ opcode: 9, payload: Buffer.alloc(126) }], 1002],
    ['a length of 2⁶³', [{ ...text(HELLO), length: 1n << 63n }], 1009],
    ['a length that no number holds', [{ ...text(HELLO), length: 1n << 54n }], 1009],
    ['a length past the largest frame', [{ ...text(HELLO), length: BigInt(FRAME_MAX_BYTES) + 1n }], 1009],
    [
      'fragments past the largest frame',
      [
        { ...text('"'.padEnd(40_000)), fin: false },
        { opcode: 0, payload: Buffer.alloc(40_000) },
      ],
      1009,
    ],
    ['text that is no UTF-8', [{ opcode: 1, payload: Buffer.from([0x7b, 0xc3, 0x28, 0x7d]) }], 1007],
    ['UTF-8 that spells a surrogate', [{ opcode: 1, payload: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]) }], 1007],
    ['an overlong zero', [{ opcode: 1, payload: Buffer.from([0x22, 0xc0, 0x80, 0x22]) }], 1007],
    ['a close with one byte', [{ opcode: 8, payload: Buffer.from([3]) }], 1002],
    ['a close with a code that nobody may send', [{ opcode: 8, payload: Buffer.from([0x03, 0xed]) }], 1002],
    ['a close whose reason is no UTF-8', [{ opcode: 8, payload: Buffer.from([0x03, 0xe8, 0xff]) }], 1007],
  ])('%s', async (_, frames, code) => {
    const before = await logEnd();
    const raw = await RawSocket.open(relay.url, token);
    for (const frame of frames) raw.write(frame);
    expect(await raw.closeCode()).toBe(code);
    raw.tcp.destroy();
    expect(await logEnd()).toEqual(before);
    await expectServes();
  });

  it('fragments without end, each as good as empty', async () => {
    const raw = await RawSocket.open(relay.url, token);
    raw.write({ ...text('"'), fin: false });
    for (let sent = 0; sent < 100; sent += 1) raw.write({ opcode: 0, fin: false });
    expect(await raw.closeCode()).toBe(1008);
    await expectServes();
  });

  it('HTTP where frames belong', async () => {
    const raw = await RawSocket.open(relay.url, token);
    raw.tcp.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await raw.closeCode()).toBe(1002);
    await expectServes();
  });

  it('a connection that is reset in the middle of a frame', async () => {
    const raw = await RawSocket.open(relay.url, token);
    raw.write(text(HELLO));
    expect(JSON.parse(await raw.nextText())).toMatchObject({ type: 'welcome' });
    raw.tcp.write(Buffer.from([0x81, 0xfe, 0xff]));
    raw.tcp.resetAndDestroy();
    await expectServes();
    const { sessions } = relay.node;
    await expect.poll(() => sessions.size).toBe(0);
  });

  it('a binary message is refused like any other that is no frame, and the socket lives on', async () => {
    const peer = await Peer.open(relay, token);
    peer.write(HELLO);
    await peer.until('caughtUp');
    peer.write(Buffer.from('{"type":"ping","n":1}'));
    expect((await peer.until('error')).frame).toMatchObject({ code: 'malformed_frame', retryable: false });
    peer.say({ type: 'ping', n: 2 });
    expect((await peer.until('pong')).frame.n).toBe(2);
    await peer.close();
  });
});

describe('nothing bad reaches the log', () => {
  it('of the whole corpus, sent after an honest hello and before it', async () => {
    const before = await logEnd();
    for (const { text: bad } of CORPUS) {
      for (const opening of [[HELLO], []]) {
        const peer = await Peer.open(relay, token);
        for (const message of [...opening, bad, '{"type":"ping","n":9}']) peer.write(message);
        await Promise.race([peer.closed(), peer.until('pong').catch(() => undefined)]);
        if (peer.closeCode === undefined) await peer.close();
      }
    }
    expect(await logEnd()).toEqual(before);
    await expectServes();
  }, 30_000);

  it('of what is well formed and not allowed', async () => {
    const { user: victim } = await requestToken(relay.url, 'Victim');
    const { user: other } = await requestToken(relay.url, 'Other');
    const before = await logEnd();
    const peer = await Peer.open(relay, token);
    peer.write(HELLO);
    await peer.until('caughtUp');
    const id = '0199c1f0-8a01-7d3e-8f4a-012345678901';
    const theirs = directConversationId(victim.id, other.id);
    peer.say({ type: 'send', conversation: theirs, messages: [{ id, text: 'hi' }] });
    expect((await peer.until('error')).frame).toMatchObject({ id, code: 'not_found', retryable: false });
    const nobody = directConversationId(user, 'u_AAAAAAAAAAAAAAAAAAAAAA');
    peer.say({ type: 'send', conversation: nobody, messages: [{ id, text: 'hi' }] });
    expect((await peer.until('error')).frame).toMatchObject({ id, code: 'log_unavailable', retryable: true });
    peer.say({ type: 'read', conversation: theirs, seq: 1 });
    peer.say({ type: 'typing', conversation: theirs });
    peer.say({ type: 'history', request: 0, conversation: theirs, before: 9, limit: 9 });
    expect((await peer.until('error')).frame).toMatchObject({ code: 'not_found', request: 0 });
    await peer.close();
    expect(await logEnd()).toEqual(before);
  });

  it('but the question whether a room allows it, which is decided there and makes no room', async () => {
    const peer = await Peer.open(relay, token);
    peer.write(HELLO);
    await peer.until('caughtUp');
    const room = makeRoomId(systemRandom);
    const id = '0199c1f0-8a02-7d3e-8f4a-012345678901';
    peer.say({ type: 'send', conversation: room, messages: [{ id, text: 'hi' }] });
    peer.say({ type: 'renameRoom', id, conversation: room, name: 'Mine' });
    peer.say({ type: 'joinRoom', id, conversation: room });
    peer.say({ type: 'leaveRoom', id, conversation: room });
    peer.say({ type: 'replaceInvite', id, conversation: room });
    for (let count = 0; count < 5; count += 1)
      expect((await peer.until('error')).frame).toMatchObject({ id, code: 'not_found', retryable: false });
    peer.say({ type: 'history', request: 1, conversation: room, before: 9, limit: 9 });
    expect((await peer.until('error')).frame).toMatchObject({ code: 'not_found', request: 1 });
    await peer.close();
  });
});
