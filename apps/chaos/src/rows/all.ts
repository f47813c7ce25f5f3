/** Every row of the table of faults: those that are injected here, and those that are not, with the reason. */
import type { Row, SkippedRow } from '../row.ts';
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
  viewSpoilt,
} from './relays.ts';
import { comeAndGo, resumes } from './sessions.ts';

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
  viewSpoilt,
  relayKilledWhileApplying,
  diskFull,
  logRecreated,
  sameNodeTwice,
  networkFlaps,
  halfOpen,
  slowNetwork,
  slowReaders,
  sameIdTwice,
  comeAndGo,
  resumes,
];

const ONE_NODE = 'a matter of one node and its wire, not of the cluster';

export const SKIPPED: readonly SkippedRow[] = [
  { id: 'F17', fault: 'newer record version', reason: 'needs a newer build beside this one, which goes on' },
  { id: 'F23', fault: 'clock ± 1 h', reason: 'needs libfaketime' },
  { id: 'F28', fault: 'malformed frames', reason: `${ONE_NODE}: apps/relay/test/bad-bytes.test.ts` },
  { id: 'F29', fault: 'malformed content', reason: `${ONE_NODE}: apps/relay/test/bad-bytes.test.ts` },
  { id: 'F30', fault: 'floods', reason: `${ONE_NODE}: apps/relay/test/session/limits.test.ts` },
  { id: 'F31', fault: 'session revoked elsewhere', reason: 'the relay has no way to revoke a sign-in yet' },
  {
    id: 'F33',
    fault: '20 tabs of one user',
    reason: 'needs browsers: packages/client/test/tabs.test.ts holds the rules',
  },
  { id: 'F36', fault: 'old client with new relay', reason: 'there is no earlier release' },
  { id: 'F37', fault: 'soak of 2 h', reason: 'its own command: pnpm chaos F1 --seconds 7200' },
];
