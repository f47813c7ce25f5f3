/** Every row of the table of faults: those that are injected here, and those that are not, with the reason. */
import type { Row, SkippedRow } from '../row.ts';
import { halfOpen, networkFlaps, nginxKilled, nginxReloaded, slowNetwork } from './front.ts';
import {
  answersLost,
  belowMinIsr,
  brokerKilled,
  kafkaGone,
  keepersGone,
  relayCannotProduce,
  relayCutOff,
} from './kafka.ts';
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

export const ROWS: readonly Row[] = [
  relayKilled,
  relayPaused,
  relayHeld,
  rollingDrain,
  allRelaysRestart,
  nginxReloaded,
  nginxKilled,
  brokerKilled,
  belowMinIsr,
  kafkaGone,
  keepersGone,
  relayCutOff,
  relayCannotProduce,
  answersLost,
  viewSpoilt,
  relayKilledWhileApplying,
  networkFlaps,
  halfOpen,
  slowNetwork,
  slowReaders,
  sameIdTwice,
];

export const SKIPPED: readonly SkippedRow[] = [];
