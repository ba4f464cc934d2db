// What is remembered of the findings of a check: counted, and in words, with what to do. Pure.
import type {
  CheckFindings,
  FindingCount,
  NotedFinding,
  NotedOutcome,
} from "../metadata/checks.ts";
import type { Digest } from "../model/digest.ts";
import { snakeCase } from "../spelling.ts";
import { type Finding, type Severity, severityOf } from "./findings.ts";
import { describeFinding, repairText } from "./findingText.ts";
import type { FsckReport, Judged } from "./fsckRun.ts";

const severities: readonly Severity[] = ["problem", "unchecked", "notice"];

/** The findings of an inspection, problems before others. */
export function noteReport({ judged, more, full }: FsckReport): CheckFindings {
  const order = (severity: Severity) => judged.filter((one) => one.severity === severity);
  const first = severities.flatMap(order);
  const kinds = Map.groupBy(judged, ({ finding, severity, repaired }) =>
    [snakeCase(finding.kind), severity, repaired?.kind ?? ""].join(" "),
  );
  const counts = [...kinds.values()].flatMap((same) => countOf(same) ?? []);
  return {
    kinds: more === 0 ? counts : [...counts, notListed(more)],
    findings: first.map((one) => noteJudged(one, full)),
  };
}

function countOf(same: readonly Judged[]): FindingCount | null {
  const [first] = same;
  if (first === undefined) return null;
  const { finding, severity, repaired } = first;
  const kind = snakeCase(finding.kind);
  return { kind, severity, outcome: repaired?.kind ?? null, count: same.length };
}

/** An inspection keeps so many findings; others are counted only. */
const notListed = (count: number): FindingCount => ({
  ...{ kind: "not_listed", severity: "problem", outcome: null, count },
});

function noteJudged({ finding, severity, repair, repaired }: Judged, full: boolean): NotedFinding {
  const outcome = repaired?.kind ?? null;
  const text = describeFinding(finding);
  const base = { kind: snakeCase(finding.kind), severity, outcome, text, ...subjectOf(finding) };
  if (repaired?.kind === "failed") {
    return { ...base, advice: `Not repaired: ${repaired.reason}.`, command: null };
  }
  if (outcome === "waits" || finding.kind === "contentWaits") {
    return { ...base, advice: pushAgain, command: null };
  }
  if (outcome === "solved") return { ...base, advice: "Repaired.", command: null };
  return { ...base, ...remedyOf(finding, repair, full) };
}

const pushAgain =
  "Push it again from any machine that has it, or put the object again: then it is stored anew.";

function remedyOf(
  { kind }: Finding,
  repair: Judged["repair"],
  full: boolean,
): Pick<NotedFinding, "advice" | "command"> {
  if (kind === "strayOld") return { advice: null, command: "breadbox gc" };
  if (kind === "unchecked") {
    return { advice: "Look at the disk and at the log, then check again.", command: null };
  }
  if (repair === null) return { advice: null, command: null };
  const command = `breadbox fsck${full ? " --full" : ""} --repair`;
  return { advice: `The command ${repairText(repair)}.`, command };
}

function subjectOf(finding: Finding): Pick<NotedFinding, "digest" | "repository"> {
  if ("content" in finding && "holders" in finding) {
    const { tags, repositories } = finding.holders;
    const repository = tags[0]?.repository ?? repositories[0] ?? null;
    return { digest: finding.content.digest, repository };
  }
  if ("content" in finding) return { digest: finding.content.digest, repository: null };
  if ("manifest" in finding) return finding.manifest;
  if ("session" in finding) return { digest: null, repository: finding.session.repository };
  return { digest: null, repository: null };
}

/** Content that the scrub has set aside. */
export const noteDamaged = (
  finding: Extract<Finding, { readonly holders: object }>,
): NotedFinding =>
  noteJudged(
    {
      ...{ finding, severity: severityOf(finding), repair: null },
      repaired: { kind: "waits" satisfies NotedOutcome },
    },
    true,
  );

/** Content that the scrub could not read. */
export const noteUnreadable = (digest: Digest, reason: string): NotedFinding => ({
  ...{ kind: "unchecked", severity: "unchecked", outcome: null, repository: null, digest },
  text: `${digest}: it could not be read: ${reason}`,
  advice: "It is kept, and read again in the next pass. Look at the disk and at the log.",
  command: null,
});
