import { SESSION_PATH } from '@parley/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeDataDir, startRelay, type TestRelay } from './support/relay.ts';

let relay: TestRelay;
beforeAll(async () => {
  relay = await startRelay();
});
afterAll(async () => {
  await relay.stop();
  removeDataDir(relay);
});

interface Answer {
  status: number;
  body: string;
  retryAfter: number;
  cookie: string;
}

async function signIn(name: string, cookie = ''): Promise<Answer> {
  const headers = { 'content-type': 'application/json', origin: relay.url, cookie };
  const response = await fetch(relay.url + SESSION_PATH, { method: 'POST', headers, body: JSON.stringify({ name }) });
  return {
    status: response.status,
    body: await response.text(),
    retryAfter: Number(response.headers.get('retry-after')),
    cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '',
  };
}

it('new names of one user are limited, whichever cookie of the user asks, and nobody else pays', async () => {
  const { cookie } = await signIn('Ann');
  const answers: Answer[] = [];
  for (const name of ['Anna', 'Anne', 'Hanna', 'Hannah']) answers.push(await signIn(name, cookie));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(answers[3]?.body).toBe('{"code":"rate_limited"}');
  expect(answers[3]?.retryAfter).toBeGreaterThan(30);
  expect(answers[3]?.retryAfter).toBeLessThanOrEqual(60);
  expect((await signIn('Joanna', answers[0]?.cookie)).status).toBe(429);
  const me = await fetch(relay.url + SESSION_PATH, { headers: { cookie } });
  expect(await me.json()).toMatchObject({ user: { name: 'Hanna' } });
  const ben = await signIn('Ben');
  expect((await signIn('Benno', ben.cookie)).status).toBe(200);
});
