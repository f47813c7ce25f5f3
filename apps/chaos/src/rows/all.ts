/** Every row of the table of faults: those that are injected here, and those that are not, with the reason. */
import type { Row, SkippedRow } from '../row.ts';
import { newerRecords, wrongClocks } from './builds.ts';
import { floods } from './floods.ts';
import { halfOpen, networkFlaps, nginxKilled, nginxReloaded, slowNetwork, storm } from './front.ts';
import {
  answersLost,
  belowMinIsr,
  brokerKilled,
  kafkaGone,
  keepersGone,
  relayCannotProduce,
  relayCutOff,
} from './kafka.ts';
import { diskFull, logRecreated, poison, sameNodeTwice } from './log.ts';
import { sameIdTwice, slowReaders } from './peers.ts';
import {
  allRelaysRestart,
  relayHeld,
  relayKilled,
  relayKilledWhileApplying,
  relayPaused,
  rollingDrain,
  soak,
  viewSpoilt,
} from './relays.ts';
import { comeAndGo, manySessions, resumes } from './sessions.ts';

export const ROWS: readonly Row[] = [
  relayKilled,
  relayPaused,
  relayHeld,
  rollingDrain,
  allRelaysRestart,
  nginxReloaded,
  nginxKilled,
  storm,
  brokerKilled,
  belowMinIsr,
  kafkaGone,
  keepersGone,
  relayCutOff,
  relayCannotProduce,
  answersLost,
  poison,
  newerRecords,
  viewSpoilt,
  relayKilledWhileApplying,
  diskFull,
  logRecreated,
  sameNodeTwice,
  wrongClocks,
  networkFlaps,
  halfOpen,
  slowNetwork,
  slowReaders,
  floods,
  sameIdTwice,
  manySessions,
  comeAndGo,
  resumes,
  soak,
];

const ONE_NODE = 'a matter of one node and its wire, not of the cluster';

export const SKIPPED: readonly SkippedRow[] = [
  { id: 'F28', fault: 'malformed frames', reason: `${ONE_NODE}: apps/relay/test/bad-bytes.test.ts` },
  { id: 'F29', fault: 'malformed content', reason: `${ONE_NODE}: apps/relay/test/bad-bytes.test.ts` },
  { id: 'F31', fault: 'session revoked elsewhere', reason: 'the relay has no way to revoke a sign-in yet' },
  { id: 'F36', fault: 'old client with new relay', reason: 'there is no earlier release' },
];
