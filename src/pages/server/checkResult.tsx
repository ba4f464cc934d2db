// One check: how far it is, or its result with every finding in words and what to do about it.
import { counted, showAge, showBytes } from "../../amounts.ts";
import type { CheckRun, CheckSummary, NotedFinding, NotedSeverity } from "../../metadata/checks.ts";
import { at } from "../addresses.ts";
import type { Frame } from "../frame.ts";
import { Ago, Badge, Command, Figures, Notice } from "../parts.tsx";

/** What people call it. */
export const nameOf = ({ kind, full, repair }: CheckSummary): string => {
  if (kind === "scrub") return "scrub";
  return `${full ? "full" : "quick"} check${repair ? " with repairs" : ""}`;
};

/** Its origin. */
export const originOf = ({ trigger }: CheckSummary): string =>
  ({ schedule: "schedule", api: "page or API", command: "command" })[trigger];

/** Colours of results. */
export const tones = {
  running: "accent",
  clean: "good",
  problems: "bad",
  failed: "warn",
  stopped: "plain",
} as const;

const sum = ({ kinds }: CheckSummary, severity: NotedSeverity): number =>
  kinds.reduce((all, one) => all + (one.severity === severity ? one.count : 0), 0);

/** `2 problems, 1 not checked`; empty when nothing is wrong. */
export function foundIn(check: CheckSummary): string {
  const [problems, unchecked] = [sum(check, "problem"), sum(check, "unchecked")];
  return [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(unchecked > 0 ? [`${unchecked} not checked`] : []),
  ].join(", ");
}

const phases: Readonly<Record<string, string>> = {
  database: "the database",
  contents: "stored blobs",
  manifests: "manifests",
  names: "file names",
  sessions: "open uploads",
  repairs: "repairs",
};

/** A check that runs. Its numbers are written by the script as they change. */
export function Running({ frame, check }: { readonly frame: Frame; readonly check: CheckSummary }) {
  const { phase, done, total } = check.progress ?? { phase: "", done: 0, total: 0 };
  const label = check.kind === "scrub" ? "The scrub reads all blobs" : "The store is checked";
  return (
    <div class="notice accent" data-check={check.id} data-phase={phase}>
      <p role="status">
        {label} (begun <Ago time={check.startedAt} now={frame.now} />
        ): {phases[phase] ?? phase}
      </p>
      <progress
        aria-label={`Progress of the ${nameOf(check)}`}
        max={Math.max(1, total)}
        value={Math.min(done, Math.max(1, total))}
      />
    </div>
  );
}

/** What a check came to. */
export function Result({ frame, check }: { readonly frame: Frame; readonly check: CheckRun }) {
  const { state, startedAt, finishedAt, contents, bytes, findings } = check;
  const more = check.kinds.reduce((all, { count }) => all + count, 0) - findings.length;
  return (
    <>
      <Notice tone={tones[state]}>
        <p role="status">
          <strong>{verdictOf(check)}</strong>
          {check.reason === null ? "" : ` ${sentence(check.reason)}`}
        </p>
      </Notice>
      <Figures
        items={[
          ["Check", `${nameOf(check)}, by ${originOf(check)}`],
          ["Begun", <Ago time={startedAt} now={frame.now} />],
          ["Took", finishedAt === null ? "–" : showAge(Math.max(0, finishedAt - startedAt))],
          ["Blobs", contents.toLocaleString("en")],
          ["Read", showBytes(bytes)],
        ]}
      />
      {findings.length === 0 ? null : (
        <ul class="findings">
          {findings.map((finding, index) => (
            <Finding key={index} finding={finding} />
          ))}
        </ul>
      )}
      {more > 0 ? <p class="muted">{more.toLocaleString("en")} more were found.</p> : null}
    </>
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function verdictOf(check: CheckRun): string {
  switch (check.state) {
    case "running":
      return "It is running.";
    case "clean":
      return foundIn(check) === "" ? "No problems." : "No problems are left.";
    case "problems":
      return `${foundIn(check)}.`;
    case "failed":
      return "It did not look at everything.";
    case "stopped":
      return "It was stopped.";
    default:
      return check.state satisfies never;
  }
}

const severities = {
  problem: { tone: "bad", word: "problem" },
  unchecked: { tone: "warn", word: "not checked" },
  notice: { tone: "plain", word: "for information" },
} as const;

function Finding({ finding }: { readonly finding: NotedFinding }) {
  const { severity, text, advice, command, repository, outcome } = finding;
  const { tone, word } = severities[severity];
  return (
    <li>
      <p>
        {outcome === "solved" ? (
          <Badge tone="good">repaired</Badge>
        ) : (
          <Badge tone={tone}>{word}</Badge>
        )}{" "}
        <span class="wrap">{text}</span>
      </p>
      {advice === null ? null : <p class="muted">{advice}</p>}
      {command === null ? null : <Command>{command}</Command>}
      {repository === null ? null : (
        <p class="small">
          <a href={at.repository(repository)}>{repository}</a>
        </p>
      )}
    </li>
  );
}
