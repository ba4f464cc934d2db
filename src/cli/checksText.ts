// The output of `breadbox checks`: what the API answers in, text out.
import { counted, showAge, showBytes } from "../amounts.ts";
import type { PrintedCheck, PrintedSummary } from "../fsck/printedChecks.ts";
import { ageOf } from "./images/lists.ts";
import { table } from "./table.ts";

const whatItWas = ({ kind, full, repair }: PrintedSummary): string => {
  if (kind === "scrub") return "scrub";
  return `fsck${full ? " --full" : ""}${repair ? " --repair" : ""}`;
};
const by = { schedule: "schedule", api: "request", command: "command" } as const;

/** `2 problems, 1 unchecked`. */
function found({ problems, unchecked }: PrintedSummary): string {
  const parts = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(unchecked > 0 ? [`${unchecked} unchecked`] : []),
  ];
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** A line for each check. @param now Unix ms. */
export function listText(checks: readonly PrintedSummary[], now: number): string {
  if (checks.length === 0) return 'There was no check yet: "breadbox fsck" makes one.';
  const rows = checks.map((check) => [
    check.id,
    whatItWas(check),
    by[check.trigger],
    ageOf(check.started_at, now),
    check.state,
    found(check),
    `${check.contents}`,
    showBytes(check.bytes_read),
  ]);
  return table([["ID", "CHECK", "BY", "AGE", "RESULT", "FOUND", "BLOBS", "READ"], ...rows]);
}

/** One check with its findings. */
export function checkText(check: PrintedCheck): string {
  const { started_at: begun, finished_at: ended, progress, reason, findings } = check;
  const took = ended === null ? "" : `, ${showAge(Date.parse(ended) - Date.parse(begun))}`;
  const rows = [
    ["Check", `${whatItWas(check)}, by ${by[check.trigger]}`],
    ["Begun", `${begun}${took}`],
    ["Result", reason === null ? check.state : `${check.state}: ${reason}`],
    ...(progress === null ? [] : [["Progress", progressText(progress)]]),
    ["Looked at", `${counted(check.contents, "blob")}, ${showBytes(check.bytes_read)} read`],
    ["Found", found(check)],
  ];
  const rest = check.kinds.reduce((sum, { count }) => sum + count, 0) - findings.length;
  return [
    table(rows),
    ...findings.flatMap((finding) => ["", ...findingLines(finding)]),
    ...(rest > 0 ? ["", `… and ${rest} more that are not kept`] : []),
  ].join("\n");
}

function progressText({ phase, done, total }: NonNullable<PrintedSummary["progress"]>): string {
  return total === 0 ? phase : `${phase}, ${Math.floor((100 * Math.min(done, total)) / total)} %`;
}

const signs = { problem: "!", unchecked: "?", notice: "-" } as const;

function findingLines(finding: PrintedCheck["findings"][number]): readonly string[] {
  const { severity, text, advice, command } = finding;
  return [
    `${signs[severity]} ${text}`,
    ...(command === null ? [] : [`  ${command}`]),
    ...(advice === null ? [] : [`  ${advice}`]),
  ];
}
