// `npm run stress:multipart`: uploads in parts by the hundred, with kills, aborts and
// replacements; everything is read back, deleted and collected. `--write` adds the result to docs/RELIABILITY.md.
import { mkdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flag, number, readOptions, seed } from "../../.dev/options.ts";
import { projectRoot } from "../support/binary.ts";
import { problemsOf } from "../support/inspect.ts";
import { run, tempFolder } from "../support/processes.ts";
import { textBody } from "../support/rawObjects.ts";
import { Scope } from "../support/scope.ts";
import { Contents } from "./stress/plan.ts";
import { leftOver, runRound, type StressPlan } from "./stress/rounds.ts";
import { type ServerFigures, StressServer } from "./stress/server.ts";
import type { UploadFigures, UploadRoom } from "./stress/upload.ts";

const gibibyte = 2 ** 30;
const { values } = readOptions({
  name: "npm run stress:multipart",
  about:
    "Uploads objects in parts, with kills, aborts and replacements; everything is read back, deleted and collected. Ends with 1 when anything is wrong, lost or left behind.",
  options: {
    gib: number("N", 50, "GiB of objects"),
    seed,
    "round-gib": number(
      "N",
      null,
      "GiB of one round; what a quarter of the free disk holds by default, 10 at most",
    ),
    write: flag("adds the result to docs/RELIABILITY.md"),
  },
});

/** Bytes that are free where the data is. */
const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
};

interface Result extends UploadFigures, ServerFigures {
  readonly commit: string;
  readonly seed: string;
  readonly gib: number;
  readonly rounds: number;
  readonly minutes: number;
  readonly violations: readonly string[];
  /** How much less of the disk is free than before, bytes; other programs use it too. */
  readonly diskUsed: number;
}

const noUploads = (): UploadFigures => ({
  uploads: 0,
  completed: 0,
  aborted: 0,
  parts: 0,
  replacedParts: 0,
  repeatedCompletes: 0,
  killedCompletes: 0,
  sentBytes: 0,
  readBytes: 0,
  slowestCompleteMs: 0,
  filesWithoutRow: 0,
});

async function stress(scope: Scope, plan: StressPlan): Promise<Result> {
  const started = performance.now();
  const before = freeBytes();
  const data = join(tempFolder(scope, "stress"), "data");
  mkdirSync(data);
  const server = new StressServer(data);
  await server.ready();
  const bucket = "stress";
  const create = { method: "POST", path: "/v1/buckets", body: textBody(`{"name":"${bucket}"}`) };
  await server.ask(() => create, { statuses: [201] });
  const contents = new Contents(plan.seed);
  const room: UploadRoom = { server, contents, bucket, figures: noUploads(), violations: [] };
  let [rounds, planned] = [0, 0];
  while (planned < plan.bytes) {
    const most = Math.min(plan.roundBytes, plan.bytes - planned);
    planned += await runRound(room, plan, { round: rounds, most });
    rounds += 1;
    const { figures, violations } = room;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const told = { round: rounds, ...figures, ...server.figures, violations: violations.length };
    console.log(`${seconds} s ${JSON.stringify(told)}`);
  }
  await server.stop();
  const left = (await leftOver(data)).map((file) => `left behind: ${file}`);
  room.violations.push(...left, ...(await problemsOf(data)));
  const { stdout } = await run(["git", "-C", projectRoot, "rev-parse", "--short", "HEAD"]);
  return {
    commit: stdout.trim(),
    seed: plan.seed,
    gib: planned / gibibyte,
    rounds,
    minutes: (performance.now() - started) / 60_000,
    violations: room.violations,
    diskUsed: before - freeBytes(),
    ...room.figures,
    ...server.figures,
  };
}

const columns: readonly (readonly [string, (result: Result) => string | number])[] = [
  ["commit", ({ commit }) => commit],
  ["seed", ({ seed }) => seed],
  ["GiB", ({ gib }) => gib.toFixed(0)],
  ["minutes", ({ minutes }) => minutes.toFixed(1)],
  ["uploads", ({ uploads }) => uploads],
  ["completed and read back", ({ completed }) => completed],
  ["aborted", ({ aborted }) => aborted],
  ["parts", ({ parts }) => parts],
  ["replaced", ({ replacedParts }) => replacedParts],
  ["completes repeated", ({ repeatedCompletes }) => repeatedCompletes],
  ["kills", ({ kills }) => kills],
  ["inside a complete", ({ killedCompletes }) => killedCompletes],
  ["files without a row after them", ({ filesWithoutRow }) => filesWithoutRow],
  ["memory above idle, MiB", ({ peakRssAboveIdle }) => (peakRssAboveIdle / 2 ** 20).toFixed(0)],
  ["wrong, lost or left behind", ({ violations }) => violations.length || "none"],
];

/** Adds a row to the table in docs/RELIABILITY.md; the first one brings the table's head. */
async function addToDocument(result: Result): Promise<void> {
  const path = join(projectRoot, "docs", "RELIABILITY.md");
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  const head = [line(columns.map(([name]) => name)), line(columns.map(() => "---"))];
  const row = line(columns.map(([, cell]) => cell(result)));
  const marked = /(<!-- stress:multipart -->\n)([\s\S]*?)(<!-- \/stress:multipart -->)/;
  const document = await Bun.file(path).text();
  if (!marked.test(document)) throw new Error(`${path} has no place for the result`);
  const replaced = document.replace(marked, (_, open, rows: string, close) => {
    const kept = rows.startsWith("|") ? rows : `${head.join("\n")}\n`;
    return `${open}${kept}${row}\n${close}`;
  });
  await Bun.write(path, replaced);
}

const bytes = values.gib * gibibyte;
const roundBytes =
  values["round-gib"] === null
    ? Math.min(freeBytes() / 4, 10 * gibibyte)
    : values["round-gib"] * gibibyte;
console.log(`seed ${values.seed}, ${(roundBytes / gibibyte).toFixed(1)} GiB a round`);
const scope = new Scope();
try {
  const bytesPerKill = Math.max(bytes / 40, gibibyte / 8);
  const result = await stress(scope, { seed: values.seed, bytes, roundBytes, bytesPerKill });
  console.log(JSON.stringify(result, null, 2));
  const isRight = result.violations.length === 0;
  console.log(isRight ? "nothing wrong, lost or left behind" : "BROKEN");
  process.exitCode = isRight ? 0 : 1;
  if (values.write) await addToDocument(result);
} finally {
  await scope.close();
}
process.exit();
