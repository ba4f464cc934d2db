// Which problems still stand: those of the latest check that no later one, of at least the same depth, has shown to be over. Pure.
import type { CheckSummary, FindingCount } from "../metadata/checks.ts";

/** How many findings of a check have to be cared for: problems, and what could not be looked at, without what a repair has solved. */
export const openFindings = ({ kinds }: Pick<CheckSummary, "kinds">): number =>
  kinds.filter(isOpen).reduce((sum, { count }) => sum + count, 0);

const isOpen = ({ severity, outcome }: FindingCount): boolean =>
  severity !== "notice" && outcome !== "solved";

/** The latest check with open findings that no other one covers; null for none. @param latest as `listLatest` gives them. */
export function standingProblems(latest: readonly CheckSummary[]): CheckSummary | null {
  const open = latest.filter((check) => openFindings(check) > 0);
  return open.find((check) => !latest.some((later) => covers(later, check))) ?? null;
}

/** True when `later` would have found again what `earlier` has found. */
function covers(later: CheckSummary, earlier: CheckSummary): boolean {
  const isOver = later.state === "clean" || later.state === "problems";
  if (!isOver || later.startedAt < (earlier.finishedAt ?? Number.POSITIVE_INFINITY)) return false;
  if (later.kind === "fsck" && later.full) return true;
  if (earlier.kind === "scrub") return later.kind === "scrub" || !needsReading(earlier);
  return later.kind === "fsck" && (!earlier.full || !needsReading(earlier));
}

/** Some of its findings show only to who reads every byte. What waits for a push is marked in its row. */
const needsReading = ({ kinds }: CheckSummary): boolean =>
  kinds.some((each) => isOpen(each) && each.outcome !== "waits" && each.kind !== "content_waits");
