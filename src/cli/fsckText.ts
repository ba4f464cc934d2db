// The output of `breadbox fsck`: facts in, text out.

import { counted, showAge, showBytes } from "../amounts.ts";
import { describeFinding, repairText } from "../fsck/findingText.ts";
import type { FsckReport, Judged } from "../fsck/fsckRun.ts";
import { snakeCase } from "../spelling.ts";

/** Most lines of one kind of notice; further ones are counted. */
const mostNotices = 5;

/** The report for a person. */
export function fsckText(report: FsckReport, request: { readonly repair: boolean }): string {
  const of = (severity: Judged["severity"]) =>
    report.judged.filter((judged) => judged.severity === severity);
  const [problems, unchecked, notices] = [of("problem"), of("unchecked"), of("notice")];
  return [
    checkedText(report),
    ...section(counted(problems.length + report.more, "problem"), [
      ...problems.map((judged) => problemLine(judged, request.repair)),
      ...(report.more > 0 ? [`… and ${report.more} more that are not listed`] : []),
    ]),
    ...section(
      "Could not be checked",
      unchecked.map(({ finding }) => describeFinding(finding)),
    ),
    ...section("For information", noticeLines(notices)),
    "",
    verdict(report, problems, unchecked.length),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function checkedText({ checked, full, durationMs }: FsckReport): string {
  const read = checked.hashed < checked.bytes ? `${showBytes(checked.hashed)} of them` : "all";
  const how = full ? `, ${read} read and hashed` : "";
  const parts = [
    "the database",
    `${counted(checked.contents, "stored blob")} (${showBytes(checked.bytes)}${how})`,
    counted(checked.manifests, "manifest"),
    counted(checked.objects, "object"),
    counted(checked.sessions + checked.multipart, "open upload"),
  ];
  const hint = full ? "" : " Sizes were compared; --full reads and hashes every byte.";
  return `Checked in ${showAge(durationMs)}: ${parts.join(", ")}.${hint}`;
}

function problemLine({ finding, repair, repaired }: Judged, isRepairing: boolean): string {
  const text = describeFinding(finding);
  if (repaired?.kind === "solved") {
    return repair === "forgetLost"
      ? `${text} They were given up: content that may belong to them is kept for 30 days.`
      : `${text} Repaired.`;
  }
  if (repaired?.kind === "waits") return `${text} It was set aside: the next push restores it.`;
  if (repaired?.kind === "failed") return `${text} Not repaired: ${repaired.reason}.`;
  if (repair === null || isRepairing) return text;
  return `${text} --repair ${repairText(repair)}.`;
}

/** Kinds that come in hundreds are counted, with a few examples. */
function noticeLines(notices: readonly Judged[]): string[] {
  const kinds = Map.groupBy(notices, ({ finding }) => finding.kind);
  return [...kinds.values()].flatMap((same) => {
    const lines = same.slice(0, mostNotices).map(({ finding }) => describeFinding(finding));
    const rest = same.length - lines.length;
    return rest > 0 ? [...lines, `… and ${rest} more like that (--json lists them)`] : lines;
  });
}

function verdict(report: FsckReport, problems: readonly Judged[], unchecked: number): string {
  if (report.refusal !== null) {
    return `Nothing was repaired: ${report.refusal}. Find the reason first; another run repairs the rest.`;
  }
  if (report.clean) {
    const repaired = problems.length;
    return repaired === 0 ? "No problems." : `No problems are left, ${repaired} repaired.`;
  }
  const waiting = problems.filter(isWaiting).length;
  const solved = problems.filter(({ repaired }) => repaired?.kind === "solved").length;
  const left = problems.length - solved - waiting + report.more;
  return [
    ...(left > 0 ? [`${counted(left, "problem")} left.`] : []),
    ...(waiting > 0 ? [`${counted(waiting, "blob")} to be pushed again.`] : []),
    ...(unchecked > 0 ? [`${counted(unchecked, "thing")} could not be checked.`] : []),
  ].join(" ");
}

/** Nothing more can be done here. */
const isWaiting = ({ finding, repaired }: Judged): boolean =>
  finding.kind === "contentWaits" || repaired?.kind === "waits";

/** The report for programs: everything that was found, as facts and as text. */
export function fsckJson(report: FsckReport): unknown {
  const { clean, full, checked, more, refusal, durationMs, judged } = report;
  return {
    clean,
    full,
    checked,
    findings: judged.map(({ finding, severity, repair, repaired }) => ({
      severity,
      text: describeFinding(finding),
      repair: repair && snakeCase(repair),
      outcome: repaired?.kind ?? null,
      ...finding,
      kind: snakeCase(finding.kind),
    })),
    notListed: more,
    notRepairedBecause: refusal,
    seconds: durationMs / 1000,
  };
}
