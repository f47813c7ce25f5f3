/** Whom a limit on addresses counts together. */
import { expect, it } from 'vitest';
import { networkOf } from '../src/http/session-routes.ts';

it.each([
  ['2001:db8:0:1::5', '2001:db8:0:1'],
  ['2001:db8:0:1:ffff:1:2:3', '2001:db8:0:1'],
  ['2001:db8::5', '2001:db8:0:0'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['10.0.0.7', '10.0.0.7'],
])('the address %s is limited as %s', (address, network) => expect(networkOf(address)).toBe(network));
