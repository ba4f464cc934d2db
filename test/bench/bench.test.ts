// The program that measures: that one command makes all tables, goes on where it broke off, and says what it could not measure. No
// figure is looked at.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../.dev/options.ts";
import { projectRoot, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { withTable } from "./document.ts";
import { curvesOf, curveTable } from "./growth/curve.ts";
import { drawCurves } from "./growth/picture.ts";
import { metrics, sectionNames } from "./metrics.ts";
import { growth, readPlan } from "./options.ts";
import { lackingText } from "./report.ts";
import { RunNotes } from "./runNotes.ts";

const scope = new Scope();
const folder = tempFolder(scope, "benchTest");
afterAll(() => scope.close());

describe("npm run bench", () => {
  test("without --only measures every metric, and every table of the document is one of its", () => {
    const plan = readPlan(["--write"]);
    const document = readFileSync(join(projectRoot, "docs", "BENCHMARKS.md"), "utf8");
    const tables = [...document.matchAll(/^<!-- (\w+) -->$/gm)].map(([, name]) => name ?? "");

    expect(plan?.chosen.map(([name]) => name)).toEqual([...metrics.keys()]);
    expect(plan?.sizes).toEqual([1_000, 100_000, 1_000_000]);
    expect(tables.sort()).toEqual([...sectionNames, growth].sort());
  });

  test("--only takes a table, and leaves growth out unless it is named", () => {
    const names = (only: string) => {
      const plan = readPlan(["--only", only]);
      return [plan?.chosen.map(([name]) => name), plan?.sizes.length];
    };
    expect(names("box")).toEqual([["littleMemory", "oneCore"], 0]);
    expect(names("growth")).toEqual([[], 3]);
  });

  test.each([
    [["--quick", "--write"], "--quick is for a look"],
    [["--only", "nothing"], "there is no metric nothing"],
    [["--systems", "breadbox,olareg"], "there is no system olareg"],
    [["--rounds", "0"], '"0" is not a number above 0'],
    [["--nonsense"], "nonsense"],
  ])("%p is refused with a reason", (args, reason) => {
    expect(() => readPlan(args)).toThrow(UsageError);
    expect(() => readPlan(args)).toThrow(reason);
  });
});

describe("the notes of a run", () => {
  const key = { commit: "1234567", quick: true, rounds: null };
  const path = join(folder, "notes.jsonl");

  test("are found again by the next run, but for half a line; failures are tried again", () => {
    const notes = RunNotes.begin(path, key);
    notes.add({ turn: "upload 1/1 breadbox", values: { upload: 3 }, others: 0.5 });
    notes.add({ turn: "upload 1/1 nginx", failure: "no nginx" });
    writeFileSync(path, `${readFileSync(path, "utf8")}{"turn":"growth 10","ti`);

    const resumed = RunNotes.resume(path, key);

    expect(resumed.find("upload 1/1 breadbox", "values")).toMatchObject({ values: { upload: 3 } });
    expect(resumed.find("upload 1/1 nginx", "values")).toBeNull();
    expect(resumed.find("growth 10", "times")).toBeNull();

    // What follows the half line is not lost.
    resumed.add({ turn: "growth 10", size: 10, times: [], cpuMs: 0, others: 0, load: 0 });
    const again = RunNotes.resume(path, key);
    expect(again.find("growth 10", "times")).toMatchObject({ size: 10 });
  });

  test("of another commit are refused, and none as well", () => {
    RunNotes.begin(path, key);
    expect(() => RunNotes.resume(path, { ...key, commit: "7654321" })).toThrow("cannot be mixed");
    expect(() => RunNotes.resume(join(folder, "absent"), key)).toThrow("no run to resume");
  });
});

describe("a table in the document", () => {
  const document = "# A\n<!-- box -->\n| old |\n\nnote\n<!-- /box -->\nend\n";

  test("is replaced, with what could not be measured below", () => {
    expect(withTable(document, "box", { table: "| new |", lacking: "Not measured: x" })).toBe(
      "# A\n<!-- box -->\n| new |\n\nNot measured: x\n<!-- /box -->\nend\n",
    );
  });

  test("keeps its figures when nothing was measured, and says why, once", () => {
    const once = withTable(document, "box", { table: null, lacking: "Not measured: x" });
    const twice = withTable(once, "box", { table: null, lacking: "Not measured: y" });

    expect(once).toContain("| old |\n\nnote\n\nNot measured: x\n<!-- /box -->");
    expect(twice).toContain("| old |\n\nnote\n\nNot measured: y\n<!-- /box -->");
    expect(() => withTable(document, "pages", { table: "", lacking: null })).toThrow("no place");
  });

  test("names each turn that was not taken once, with its reason", () => {
    const turn = { metric: "start", system: "nginx", reason: "it is not installed" } as const;
    expect(lackingText([turn, turn])).toBe("Not measured: start of nginx (it is not installed)");
    expect(lackingText([])).toBeNull();
  });
});

test("curves have the time of each size, and the load of other work below", () => {
  const columns = [10, 20].map((size, at) => ({
    ...{ size, cpuMs: 0.5, others: 0.1 * at, load: 3 * at },
    times: [{ label: "GET <a>", ms: size / 10 }],
  }));

  expect(curveTable(columns).split("\n").slice(2)).toEqual([
    "| GET <a> | 1.00 | 2.00 | 2.00 × |",
    "| server CPU of a request | 0.50 | 0.50 | 1.00 × |",
    "| other work | 0 %, load 0 | 10 %, load 3 |  |",
  ]);
  expect(drawCurves(curvesOf(columns), [10, 20])).toContain("GET &lt;a>");
});

describe("the program", () => {
  // Built before its runs are timed out.
  beforeAll(async () => {
    await using started = new Scope();
    await startBreadbox(started);
  }, 120_000);

  /** A run that has only these programs. @param until ends it as soon as this is printed. */
  async function bench(args: readonly string[], until: string | null = null) {
    const notes = join(folder, "program.jsonl");
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "bench.ts"), "--notes", notes, ...args],
      { env: { ...process.env, PATH: programs(), TMPDIR: folder }, stdout: "pipe", stderr: "pipe" },
    );
    const out = new Response(child.stdout).text();
    let err = "";
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) {
      err += decoder.decode(bytes, { stream: true });
      if (until !== null && err.includes(until)) child.kill();
    }
    return { code: await child.exited, out: await out, err };
  }

  const needed = ["git", "sync"];
  /** A folder with what it needs, and without nginx. */
  function programs(): string {
    const path = tempFolder(scope, "programs");
    for (const name of needed) symlinkSync(Bun.which(name) ?? "", join(path, name));
    return path;
  }

  clientTest(
    "measures all that it was asked for, goes on where it was stopped, and says what it could not measure",
    { commands: needed, timeoutMs: 120_000 },
    async () => {
      const asked = ["--quick", "--only", "start,growth", "--systems", "breadbox,nginx"];
      const args = [...asked, "--sizes", "10,20"];

      const broken = await bench(args, "20 of everything");
      const resumed = await bench([...args, "--resume"]);

      expect(broken.code).toBe(130);
      expect(broken.err).toContain("start 1/1 breadbox, ");
      expect(resumed.code).toBe(0);
      expect(resumed.err).not.toContain("10 of everything");
      expect(resumed.err).toContain("20 of everything");
      expect(resumed.out).toContain("| ready after exec");
      expect(resumed.out).toMatch(/^Not measured: start of nginx \(.*nginx.*\)$/m);
      expect(resumed.out).toContain("| ms | 10 | 20 | largest by smallest |");
      expect(resumed.out).toMatch(/^\| other work \| \d+ %, load \d+ \| \d+ %, load \d+ \|/m);
      expect(resumed.out).toMatch(/; commit [0-9a-f]{7,}.*, \d{4}-\d\d-\d\d/);
    },
  );
});
