/** Questions that a member can answer only when it works. All resolve with false instead of failing. */
import { get } from 'node:http';
import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 2_000;
// Requests of Kafka's protocol: size, api key 3 (Metadata), version 1, correlation id 0, no client id, no topics.
const METADATA_REQUEST = Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
// The answer: size, correlation id, then the number of brokers.
const BROKER_COUNT_AT = 8;

/** Whether this ZooKeeper is part of a quorum (or alone by configuration). */
export async function hasQuorum(port: number): Promise<boolean> {
  const answer = await ask(port, 'srvr', (received) => received.includes('Mode: ') && received.includes('Node count'));
  return /^Mode: (?:leader|follower|standalone)$/mu.test(answer.toString());
}

/** Whether this broker serves requests and knows of `brokers` brokers, itself included. */
export async function knowsBrokers(port: number, brokers: number): Promise<boolean> {
  const answer = await ask(port, METADATA_REQUEST, (received) => received.length >= BROKER_COUNT_AT + 4);
  return answer.length >= BROKER_COUNT_AT + 4 && answer.readInt32BE(BROKER_COUNT_AT) >= brokers;
}

/** Whether GET answers with 2xx. */
export function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

function ask(port: number, question: string | Buffer, isWhole: (received: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1', timeout: ANSWER_WITHIN_MS });
    socket.once('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (isWhole(received)) socket.destroy();
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => socket.destroy());
    socket.once('close', () => resolve(received));
  });
}
