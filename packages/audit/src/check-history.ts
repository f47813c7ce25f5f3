/** Judges a history: every check over it, what each found with its story, and what the run measured. */
import type { AuditEvent } from './events.ts';
import { CHECK_NAMES, type CheckName } from './check-names.ts';
import { checkAgreement } from './checks/agreement.ts';
import { checkAuthorOrder } from './checks/author-order.ts';
import { checkBoundedLag } from './checks/bounded-lag.ts';
import { checkCaughtUp } from './checks/caught-up.ts';
import { checkContiguity } from './checks/contiguity.ts';
import { checkEqualAnswers } from './checks/equal-answers.ts';
import { checkFoldEqual } from './checks/fold-equal.ts';
import { checkMembership } from './checks/membership.ts';
import { checkMonotonicApply } from './checks/monotonic-apply.ts';
import { checkNoGhost } from './checks/no-ghost.ts';
import { checkNoLoss } from './checks/no-loss.ts';
import { checkOnce } from './checks/once.ts';
import { checkPresence } from './checks/presence.ts';
import { checkReadYourWrites } from './checks/read-your-writes.ts';
import { checkRightRefusals } from './checks/right-refusals.ts';
import { checkRealTime } from './checks/real-time.ts';
import { checkSameText } from './checks/same-text.ts';
import { checkNoDuplicates, checkScreensInOrder } from './checks/screens.ts';
import { checkUnknownsResolve } from './checks/unknowns-resolve.ts';
import { checkUnseen } from './checks/unseen.ts';
import { checkViewsEqual } from './checks/views-equal.ts';
import { type Figures, measure } from './figures.ts';
import { type History, readHistory } from './history.ts';
import type { AuditOptions } from './options.ts';
import { tellStories } from './story.ts';
import type { Finding, Violation } from './violation.ts';

const CHECKS: Record<CheckName, (history: History, options: AuditOptions) => Finding[]> = {
  viewsEqual: checkViewsEqual,
  foldEqual: checkFoldEqual,
  agreement: checkAgreement,
  noLoss: checkNoLoss,
  noGhost: checkNoGhost,
  sameText: checkSameText,
  once: checkOnce,
  unknownsResolve: checkUnknownsResolve,
  equalAnswers: checkEqualAnswers,
  rightRefusals: checkRightRefusals,
  contiguity: checkContiguity,
  monotonicApply: checkMonotonicApply,
  noDuplicates: checkNoDuplicates,
  screensInOrder: checkScreensInOrder,
  authorOrder: checkAuthorOrder,
  realTime: checkRealTime,
  readYourWrites: checkReadYourWrites,
  membership: checkMembership,
  caughtUp: checkCaughtUp,
  boundedLag: (history, { lag }) => (lag === undefined ? [] : checkBoundedLag(history, lag)),
  presence: (history, { presence }) => (presence === undefined ? [] : checkPresence(history, presence)),
  unseen: checkUnseen,
};

/** How many of each kind; all but the first three must be 0. */
export interface Counts {
  /** Operations with an ack. */
  readonly acked: number;
  /** Operations refused for good, and those that nobody was told anything about. */
  readonly refused: number;
  readonly unknown: number;
  readonly lost: number;
  readonly ghosts: number;
  readonly doubled: number;
  readonly disordered: number;
  readonly unseen: number;
  readonly leaked: number;
  /** Nodes or clients that say different things of the same place. */
  readonly differing: number;
  /** Everything else. */
  readonly other: number;
}

const COUNTED_AS: Record<CheckName, keyof Omit<Counts, 'acked' | 'refused' | 'unknown'>> = {
  viewsEqual: 'differing',
  foldEqual: 'differing',
  agreement: 'differing',
  noLoss: 'lost',
  noGhost: 'ghosts',
  sameText: 'differing',
  once: 'doubled',
  unknownsResolve: 'unseen',
  equalAnswers: 'differing',
  rightRefusals: 'other',
  contiguity: 'unseen',
  monotonicApply: 'disordered',
  noDuplicates: 'doubled',
  screensInOrder: 'disordered',
  authorOrder: 'disordered',
  realTime: 'disordered',
  readYourWrites: 'disordered',
  membership: 'leaked',
  caughtUp: 'unseen',
  boundedLag: 'other',
  presence: 'other',
  unseen: 'unseen',
};

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  readonly figures: Figures;
}

/** @param events In the order in which each writer wrote them; those of different writers may be mixed in any way. */
export function checkHistory(events: readonly AuditEvent[], options: AuditOptions = {}): Verdict {
  const history = readHistory(events, options);
  const skipped = new Set(options.skip);
  const violations: Violation[] = [];
  const counts = { ...countOperations(history), ...NOTHING_WRONG };
  for (const check of CHECK_NAMES) {
    if (skipped.has(check)) continue;
    const findings = CHECKS[check](history, options);
    counts[COUNTED_AS[check]] += findings.length;
    const told = findings.slice(0, options.storiesPerCheck ?? 5);
    const stories = told.length === 0 ? [] : tellStories(history.events, told);
    for (const [at, finding] of findings.entries()) violations.push({ check, ...finding, story: stories[at] ?? [] });
  }
  return { violations, counts, figures: measure(history, options.upShare ?? 0.99) };
}

const NOTHING_WRONG = { lost: 0, ghosts: 0, doubled: 0, disordered: 0, unseen: 0, leaked: 0, differing: 0, other: 0 };

function countOperations({ operations }: History): Pick<Counts, 'acked' | 'refused' | 'unknown'> {
  const acked = operations.filter(({ oks }) => oks.length > 0).length;
  const refused = operations.filter(({ oks, fails }) => oks.length === 0 && fails.some(({ retryable }) => !retryable));
  return { acked, refused: refused.length, unknown: operations.length - acked - refused.length };
}
