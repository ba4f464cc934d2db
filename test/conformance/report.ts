// The results of the conformance program as a page to read. Pure.
import type { Mode, Results } from "./suite.ts";

/** One run. */
export interface Run {
  readonly mode: Mode;
  readonly results: Results;
}

/** What was run, with what. */
export interface Setting {
  /** Where the program comes from. */
  readonly origin: string;
  /** Version of its module that is asked for. */
  readonly pinned: string;
  /** Commit of Breadbox. */
  readonly commit: string;
  /** Day of the run, `YYYY-MM-DD`. */
  readonly day: string;
}

const nameOf = ({ version, hasAccounts }: Mode): string =>
  `OCI_VERSION=${version}${hasAccounts ? ", with accounts" : ""}`;

/** One line for the log. */
export const closingLine = ({ mode, results: { counts } }: Run): string =>
  `conformance: ${nameOf(mode)}: ${counts.total} checks: ${counts.passed} passed, ${counts.failed} failed, ` +
  `${counts.skipped} skipped, ${counts.disabled} disabled`;

/** The whole page. */
export function reportPage(setting: Setting, runs: readonly Run[]): string {
  const versions = runs.map(({ mode }) =>
    mode.hasAccounts ? `${mode.version}, accounts` : mode.version,
  );
  const commits = [...new Set(runs.map(({ results }) => results.commit))];
  const lines = [
    "# Conformance",
    "",
    "The conformance program of the [OCI distribution specification](https://github.com/opencontainers/distribution-spec)",
    "against the compiled `dist/breadbox` on an empty data directory, over plain HTTP; once as it is, and once with accounts, by an access token. This page is written by",
    "`sh .dev/bun test/conformance/run.ts --write`.",
    "",
    `- program: built from commit \`${commits.join(", ")}\` of its repository, as it says itself; ${setting.origin}`,
    `- Breadbox: commit \`${setting.commit}\``,
    `- day: ${setting.day}`,
    "",
    ...table(
      ["OCI_VERSION", "passed", "failed", "skipped", "disabled", "switches"],
      runs.map(({ mode, results: { counts } }, run) => [
        versions[run] ?? "",
        ...[counts.passed, counts.failed, counts.skipped, counts.disabled].map(String),
        mode.description,
      ]),
    ),
    "",
    "Disabled is what the program leaves out by itself, because the released specification does not have it. With accounts, mounts without `from` are",
    "switched off: a token is for the repositories that it was asked for.",
    "",
    "## APIs",
    "",
    ...rows(versions, runs, "apis"),
    "",
    "## Data",
    "",
    ...rows(versions, runs, "data"),
    "",
    "## Running it",
    "",
    "`npm test -- conformance` runs it as `.ci/run` does. The program is taken from `OCI_CONFORMANCE` (a path), from PATH",
    `(\`oci-conformance\` or \`conformance\`), or built from its Go module at ${setting.pinned}.`,
    "To build it by hand, with Go 1.24 or newer:",
    "",
    "```sh",
    "git clone https://github.com/opencontainers/distribution-spec",
    `git -C distribution-spec checkout ${setting.pinned.split("-").at(-1)}`,
    "(cd distribution-spec/conformance && go build -buildvcs=true -o conformance .)",
    "OCI_CONFORMANCE=$PWD/distribution-spec/conformance/conformance npm test -- conformance",
    "```",
    "",
    "Where the module proxy refuses the module, the run says so (`conformance: skipped: …`) and counts it as skipped.",
    "`blobLife.test.ts` and `manifestLife.test.ts` beside this page ask for the same in our own words, and run everywhere.",
  ];
  return `${lines.join("\n")}\n`;
}

function rows(versions: readonly string[], runs: readonly Run[], section: "apis" | "data") {
  const names = new Set(runs.flatMap(({ results }) => Object.keys(results[section])));
  return table(
    ["", ...versions],
    [...names].map((name) => [name, ...runs.map(({ results }) => results[section][name] ?? "–")]),
  );
}

const table = (head: readonly string[], body: readonly (readonly string[])[]): string[] => [
  `| ${head.join(" | ")} |`,
  `|${" --- |".repeat(head.length)}`,
  ...body.map((cells) => `| ${cells.join(" | ")} |`),
];
