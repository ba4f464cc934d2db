// The official conformance program against the compiled binary: nothing may fail, and nothing may be skipped.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { refusedConformance } from "../../.dev/testSummary.ts";
import { findProgram, isOperatorError, pinnedVersion } from "./program.ts";
import { closingLine } from "./report.ts";
import { modes, runSuite } from "./suite.ts";

const program = await findProgram();
if ("missing" in program) {
  console.warn(`\nconformance: skipped: ${program.missing}\n`);
} else {
  console.log(`conformance: ${program.origin}`);
}

for (const mode of modes) {
  const sentence = `every check passes with OCI_VERSION=${mode.version}: ${mode.description}`;
  if ("missing" in program && (program.refused || !process.env["CI"])) {
    const why = program.refused ? refusedConformance : "skipped: the program is not installed";
    test.skip(`${why}: ${sentence}`, () => {});
    continue;
  }
  test(sentence, async () => {
    if ("missing" in program) throw new Error(`conformance: skipped: ${program.missing}`);
    const results = await runSuite(program.path, mode);
    console.log(closingLine({ mode, results }));
    const rows = Object.entries({ ...results.apis, ...results.data });

    expect(results.complaints).toEqual([]);
    expect(results.counts).toMatchObject({ failed: 0, skipped: 0 });
    expect(results.counts.passed).toBeGreaterThan(400);
    expect(rows.filter(([, status]) => status !== "Pass").map(([row]) => row)).toEqual([
      ...mode.disabled,
    ]);
  }, 120_000);
}

test("the results that are kept name the commits of the executable and of the program", async () => {
  const page = await Bun.file(join(import.meta.dir, "README.md")).text();
  expect(page).toMatch(/^- Breadbox: commit `[0-9a-f]{12}`$/m);
  expect(page).toMatch(/^- program: built from commit `[0-9a-f]{40}` /m);
});

const refusal = (module: string, answer: string) =>
  `go: ${module}@${pinnedVersion}: reading https://proxy.example/${module}/@v/${pinnedVersion}.info: ${answer}`;
const refused = "403 Forbidden\n\tserver response: This module version is not available.";
const module = "github.com/opencontainers/distribution-spec/conformance";

test("a tool download counts as unavailable only when the proxy refuses it", () => {
  expect(isOperatorError(refusal(module, refused))).toBe(true);
});

test.each([
  ["another module is refused", refusal("github.com/goccy/go-yaml", refused)],
  ["the proxy fails", refusal(module, "502 Bad Gateway\n\tserver response: later")],
  ["the proxy is not there", `Get "https://proxy.example/${module}": connection refused`],
  ["the source does not compile", "main.go:1:1: syntax error"],
])("a program that is missing because %s is a failure", (_, output) => {
  expect(isOperatorError(output)).toBe(false);
});
