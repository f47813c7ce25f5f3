import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster } from '../native/index.ts';
import type { Cluster, Member } from '../native/index.ts';
import { answers, hasQuorum, knowsBrokers } from '../native/probes.ts';
import { aliveInGroups, eventually } from './processes.ts';
import { closeAll, countByNode, openSocket, openSockets } from './sockets.ts';
import type { OpenSocket } from './sockets.ts';

const relayMain = fileURLToPath(new URL('stand-in-relay.ts', import.meta.url));

describe('a cluster of plain processes', () => {
  let cluster: Cluster;
  let held: OpenSocket[] = [];
  const relay = (index: number): Member => cluster.relays[index] as Member;
  const hold = async (count: number): Promise<OpenSocket[]> => {
    const opened = await openSockets(cluster.url, count);
    held.push(...opened);
    return opened;
  };
  const lands = (node: string): Promise<boolean> =>
    hold(1).then(
      ([opened]) => opened?.node === node,
      () => false,
    );
  /** Opens a socket every now and then until one lands on `node`; returns how long that took. */
  const firstSocketOn = async (node: string): Promise<number> => {
    const from = performance.now();
    await eventually(`a socket on ${node}`, () => lands(node), 10_000);
    return performance.now() - from;
  };

  beforeAll(async () => {
    cluster = await startCluster({ relayMain });
  });
  afterAll(async () => {
    closeAll(held);
    await cluster.stop();
  });

  test('three ZooKeepers have a quorum and every broker knows three', async () => {
    expect(cluster.members.map(({ name }) => name).join(' ')).toBe(
      'zookeeper-1 zookeeper-2 zookeeper-3 kafka-1 kafka-2 kafka-3 relay-1 relay-2 relay-3 nginx',
    );
    for (const { port } of cluster.zookeepers) expect(await hasQuorum(port)).toBe(true);
    for (const { port } of cluster.brokers) expect(await knowsBrokers(port, 3)).toBe(true);
    expect(cluster.kafkaBrokers).toEqual(cluster.brokers.map(({ port }) => `127.0.0.1:${port}`));
  });

  test('300 sockets: 100 ± 2 on every relay', async () => {
    const counts = countByNode(await hold(300));
    for (const { name } of cluster.relays) expect(Math.abs((counts[name] ?? 0) - 100)).toBeLessThanOrEqual(2);
  });

  test('a killed relay gets nothing, and all new sockets within 2 s of being ready again', async () => {
    await relay(1).kill();
    expect(relay(1).running).toBe(false);
    expect(await relay(1).exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(countByNode(await hold(20))['relay-2']).toBeUndefined();
    await relay(1).restart();
    expect(await firstSocketOn('relay-2')).toBeLessThan(2_000);
    expect(countByNode(await hold(20))).toEqual({ 'relay-2': 20 });
  });

  test('a relay that hangs keeps nobody waiting for long, and comes back', async () => {
    await relay(1).kill(); // empty, so that it is the one which the next socket would get
    await relay(1).restart();
    await firstSocketOn('relay-2');
    relay(1).pause();
    const from = performance.now();
    expect(countByNode(await hold(20))['relay-2']).toBeUndefined();
    expect(performance.now() - from).toBeLessThan(4_000);
    relay(1).resume();
    expect(await firstSocketOn('relay-2')).toBeLessThan(3_000);
  });

  test('a relay that is not ready passes its upgrades on', async () => {
    await fetch(`${relay(1).url}/internal/unready`);
    expect(countByNode(await hold(20))['relay-2']).toBeUndefined();
    await fetch(`${relay(1).url}/internal/ready`);
    expect(await firstSocketOn('relay-2')).toBeLessThan(2_000);
  });

  test('with no relay ready the page is served and sockets are refused', async () => {
    await Promise.all(cluster.relays.map(({ url }) => fetch(`${url}/internal/unready`)));
    for (let page = 0; page < 5; page += 1) {
      await expect(openSocket(cluster.url)).rejects.toThrow();
      expect((await fetch(`${cluster.url}/api/session`, { method: 'POST', body: '{}' })).status).toBe(503);
      expect((await fetch(`${cluster.url}/`)).status).toBe(200);
    }
    await Promise.all(cluster.relays.map(({ url }) => fetch(`${url}/internal/ready`)));
    const opens = (): Promise<boolean> =>
      hold(1).then(
        () => true,
        () => false,
      );
    await eventually('sockets open again', opens, 3_000);
  });

  test('T22: what a client says about its address does not reach a relay', async () => {
    const forged = { 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', forwarded: 'for=6.6.6.6' };
    const { headers } = (await (await fetch(`${cluster.url}/x`, { headers: forged })).json()) as {
      headers: Record<string, string>;
    };
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-real-ip']).toBe('127.0.0.1');
    expect(headers['forwarded']).toBeUndefined();
    expect(headers['host']).toBe(new URL(cluster.url).host);
  });

  test("T28: a relay's own affairs are not served", async () => {
    for (const path of ['/metrics', '/internal/unready', '/lb/ping', '/lb/ready', '/lb/alive', '/unavailable.html'])
      expect((await fetch(cluster.url + path)).status, path).toBe(404);
    expect((await fetch(`${cluster.url}/nginx-health`)).status).toBe(200);
  });

  test('T2: the log has the path and not the query', async () => {
    await fetch(`${cluster.url}/room?token=hidden-thing`, { headers: { referer: 'http://x/?also=hidden-thing' } });
    const log = (): string => readFileSync(cluster.nginx.logFile, 'utf8');
    await eventually('the request in the log', () => log().includes('"path":"/room"'), 2_000);
    expect(log()).not.toContain('hidden-thing');
  });

  test('without a relay Nginx answers 503 with a page that tries again', async () => {
    await Promise.all(cluster.relays.map((member) => member.kill()));
    const page = await fetch(cluster.url);
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('2');
    expect(await page.text()).toContain('http-equiv="refresh"');
    expect((await fetch(`${cluster.url}/api/session`, { method: 'POST', body: '{}' })).status).toBe(503);
    await expect(openSocket(cluster.url)).rejects.toThrow();
    await Promise.all(cluster.relays.map((member) => member.restart()));
    await eventually('the page is back', () => answers(`${cluster.url}/`), 5_000);
  });

  test('a broker is paused, resumed, killed and restarted', async () => {
    const [broker] = cluster.brokers as [Member];
    broker.pause();
    expect(await knowsBrokers(broker.port, 1)).toBe(false);
    broker.resume();
    await eventually('it answers again', () => knowsBrokers(broker.port, 1), 10_000);
    const { pid } = broker;
    await broker.restart();
    expect(broker.pid).not.toBe(pid);
    await eventually('it knows the others', () => knowsBrokers(broker.port, 3), 10_000);
  });

  test('Nginx reloads without closing a socket', async () => {
    const { socket } = await openSocket(cluster.url);
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    await cluster.nginx.kill('SIGHUP');
    const reply = once(socket, 'message');
    const workersBefore = aliveInGroups([cluster.nginx.pid]).length;
    await eventually('new workers', () => aliveInGroups([cluster.nginx.pid]).length >= workersBefore, 5_000);
    socket.send('still there?');
    expect(String((await reply)[0])).toBe('still there?');
    expect(isClosed).toBe(false);
    socket.terminate();
  });

  test('restartAll kills everything and brings it back at the same addresses', async () => {
    const before = cluster.members.map(({ pid, port }) => ({ pid, port }));
    await cluster.restartAll();
    expect(aliveInGroups(before.map(({ pid }) => pid))).toEqual([]);
    expect(cluster.members.map(({ port }) => port)).toEqual(before.map(({ port }) => port));
    held = await openSockets(cluster.url, 30);
    expect(countByNode(held)).toEqual({ 'relay-1': 10, 'relay-2': 10, 'relay-3': 10 });
  });

  test('stop leaves no process and no folder', async () => {
    const groups = cluster.members.map(({ pid }) => pid);
    expect(aliveInGroups(groups).length).toBeGreaterThan(groups.length - 1);
    await cluster.stop();
    expect(aliveInGroups(groups)).toEqual([]);
    expect(existsSync(cluster.dataDir)).toBe(false);
  });
});

test('kill -9 of the program that started a cluster ends every member', async () => {
  const program = spawn(process.execPath, [fileURLToPath(new URL('short-cluster.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(program.stdout, 'data');
  const { groups, dataDir } = JSON.parse(String(line)) as { groups: number[]; dataDir: string };
  expect(aliveInGroups(groups).length).toBeGreaterThanOrEqual(groups.length);
  program.kill('SIGKILL');
  await eventually('every member is gone', () => aliveInGroups(groups).length === 0, 5_000);
  await eventually('and so is the data', () => !existsSync(dataDir), 5_000);
});

test('a relay that does not start fails the cluster with the end of its log', async () => {
  const start = startCluster({ relays: 1, brokers: 1, zookeepers: 1, relayMain: '/no/such/relay.ts' });
  await expect(start).rejects.toThrow(/relay-1 ended with code 1[\s\S]*Cannot find module/u);
});
