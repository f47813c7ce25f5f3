import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inspectKafka } from '../src/system/kafka-inspector.ts';
import { Proxy, type ProxyOptions } from '../src/system/proxy.ts';

let server: Server;
let arrived: Buffer[];
let proxies: Proxy[];
let sockets: Socket[];

beforeEach(async () => {
  arrived = [];
  proxies = [];
  sockets = [];
  // Answers everything with itself.
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      arrived.push(bytes);
      socket.write(bytes);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await new Promise<void>((resolve) => void server.close(() => resolve()));
});

const target = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });

async function open(options: Partial<ProxyOptions> = {}): Promise<Proxy> {
  const proxy = await Proxy.open({ target, random: () => 0.5, ...options });
  proxies.push(proxy);
  return proxy;
}

function dial(proxy: Proxy): Socket {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  sockets.push(socket);
  socket.on('error', () => undefined);
  return socket;
}

const nextData = (socket: Socket): Promise<Buffer> => new Promise((resolve) => void socket.once('data', resolve));
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

it('passes both ways', async () => {
  const socket = dial(await open());
  socket.write('hello');
  expect((await nextData(socket)).toString()).toBe('hello');
});

it('is late by what it is told, each way, and keeps the order', async () => {
  const proxy = await open();
  proxy.setWeather({ delayMs: 60 });
  const socket = dial(proxy);
  const startedMs = performance.now();
  socket.write('a');
  expect((await nextData(socket)).toString()).toBe('a');
  expect(performance.now() - startedMs).toBeGreaterThan(115);
});

it('keeps the order of a stream, however the delays vary', async () => {
  let turn = 0;
  // Long and short delays in turn, by fractions of a millisecond too.
  const proxy = await open({ random: () => ((turn += 7) % 10) / 10 });
  proxy.setWeather({ delayMs: 1, jitterMs: 5.5 });
  const socket = dial(proxy);
  let text = '';
  const whole = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.length === 200 * 4) resolve();
    });
  });
  const wanted = Array.from({ length: 200 }, (_, at) => `${String(at).padStart(3, '0')};`);
  for (const word of wanted) {
    socket.write(word);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await whole;
  expect(text).toBe(wanted.join(''));
});

it('passes nothing on over frozen connections, and everything over new ones', async () => {
  const proxy = await open();
  const old = dial(proxy);
  old.write('a');
  await nextData(old);
  proxy.freeze();
  let heard = false;
  old.on('data', () => (heard = true));
  old.write('b');
  const fresh = dial(proxy);
  fresh.write('c');
  await nextData(fresh);
  expect(Buffer.concat(arrived).toString()).toBe('ac');
  expect(heard).toBe(false);
  expect(old.destroyed).toBe(false);
});

it('refuses and cuts', async () => {
  const proxy = await open();
  const socket = dial(proxy);
  socket.write('a');
  await nextData(socket);
  const isClosed = closed(socket);
  proxy.cut();
  await isClosed;
  proxy.setWeather({ isShut: true });
  await closed(dial(proxy));
});

it('reads the target from the first line where it is told to', async () => {
  const lines: string[] = [];
  const proxy = await open({
    readsFirst: true,
    target: (line) => {
      lines.push(line);
      return target();
    },
  });
  const socket = dial(proxy);
  socket.write('10.0.0.1:9092\nrest');
  expect((await nextData(socket)).toString()).toBe('rest');
  expect(lines).toEqual(['10.0.0.1:9092']);
});

function request(apiKey: number, correlation: number): Buffer {
  const frame = Buffer.alloc(12);
  frame.writeInt32BE(8, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt32BE(correlation, 8);
  return frame;
}

function answer(correlation: number): Buffer {
  const frame = Buffer.alloc(8);
  frame.writeInt32BE(4, 0);
  frame.writeInt32BE(correlation, 4);
  return frame;
}

it('loses answers to produce requests only, and the connection with them', () => {
  const inspector = inspectKafka({ losesAnswer: () => true, holdsProduce: () => false });
  const [fetch, produce] = [request(1, 7), request(0, 8)];
  // Cut anywhere, as a stream is.
  const bytes = Buffer.concat([fetch, produce]);
  expect(Buffer.concat([inspector.toServer(bytes.subarray(0, 9))!, inspector.toServer(bytes.subarray(9))!])).toEqual(
    bytes,
  );
  expect(inspector.toClient(answer(7))).toEqual(answer(7));
  expect(inspector.toClient(answer(8))).toBeUndefined();
});

it('holds produce requests back, and lets the rest through', () => {
  const inspector = inspectKafka({ losesAnswer: () => false, holdsProduce: () => true });
  expect(inspector.toServer(request(1, 1))).toEqual(request(1, 1));
  expect(inspector.toServer(request(0, 2))).toHaveLength(0);
});
