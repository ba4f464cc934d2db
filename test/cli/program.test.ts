import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { breadbox as runBreadbox } from "./command.ts";

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "breadbox-cli-"));
  await writeFile(join(directory, "good.yml"), "http:\n  listen: :5001\ngc:\n  minAge: 2h\n");
  await writeFile(join(directory, "bad.yml"), "http:\n  lisen: :5001\ngc:\n  minAge: 5x\n");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the program in a folder with configuration files. */
const breadbox = (args: readonly string[], env: Record<string, string> = {}) =>
  runBreadbox(args, { cwd: directory, env });

describe("breadbox", () => {
  test("without arguments prints help with its exit codes", async () => {
    const { out, err, code } = await breadbox([]);

    expect(out).toContain("Usage: breadbox [options] [command]");
    for (const text of ["2  bad usage", "3  bad conf", "4  the data dir", "5  the address"]) {
      expect(out).toContain(text);
    }
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  test.each([
    [["--help"]],
    [["serve", "--help"]],
    [["help", "serve"]],
    [["config", "--help"]],
    [["config", "check", "--help"]],
    [["config", "show", "--help"]],
    [["uploads", "--help"]],
    [["uploads", "ls", "--help"]],
    [["uploads", "rm", "--help"]],
    [["version", "--help"]],
    [["service", "print", "--help"]],
    [["service", "install", "--help"]],
    ...["ls", "tags", "show", "rm", "du", "status"].map((name): [string[]] => [[name, "--help"]]),
    [["bucket", "--help"]],
    ...["ls", "create", "rm", "put", "get", "sync", "stat", "uploads"].map((name): [string[]] => [
      ["bucket", name, "--help"],
    ]),
    [["bucket", "uploads", "ls", "--help"]],
    [["bucket", "uploads", "abort", "--help"]],
  ])("%p ends with two examples", async (args) => {
    const { out, code } = await breadbox(args);

    const [, examples = ""] = out.split("\nExamples:\n");
    const lines = examples
      .trimEnd()
      .replaceAll(/ \\\n +/g, " ")
      .split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}breadbox /),
      expect.stringMatching(/^ {2}breadbox /),
    ]);
    expect(code).toBe(0);
  });

  test.each([[["version"]], [["--version"]], [["-v"]], [["-V"]]])(
    "%p is one line",
    async (args) => {
      const { out, code } = await breadbox(args);

      expect(out).toMatch(/^breadbox \S+ \(\S+, bun \d+\.\d+\.\d+, commit \S+\)\n$/);
      expect(code).toBe(0);
    },
  );

  test("version --json prints what the line says", async () => {
    const { out, code } = await breadbox(["version", "--json"]);
    const { version, target, bun, commit } = JSON.parse(out);

    expect(code).toBe(0);
    expect((await breadbox(["version"])).out).toBe(
      `breadbox ${version} (${target}, bun ${bun}, commit ${commit})\n`,
    );
  });

  const mistakes: [string[], string][] = [
    [["sevre"], "(Did you mean serve?)"],
    [["config", "chek"], "(Did you mean check?)"],
    [["serve", "--lisen", ":1"], "(Did you mean --listen?)"],
    [["serve", "--listen"], "argument missing"],
    [["serve", "somewhere"], "too many arguments"],
    [["config"], "Usage: breadbox config"],
    [["uploads"], "Usage: breadbox uploads"],
    [["uploads", "sl"], "unknown command 'sl'"],
    [["bucket"], "Usage: breadbox bucket"],
    [["bucket", "gte"], "(Did you mean get?)"],
    [["bucket", "put", "file"], "missing required argument 'BUCKET[/OBJECT]'"],
  ];
  test.each(mistakes)("%p exits with the usage error code", async (args, hint) => {
    const { out, err, code } = await breadbox(args);

    expect(err).toContain(hint);
    expect(out).toBe("");
    expect(code).toBe(2);
  });
});

test.each([
  [["sevre"], "breadbox"],
  [["gc", "--dry"], "breadbox gc"],
  [["fsck", "--fast"], "breadbox fsck"],
  [["why"], "breadbox why"],
  [["config", "chek"], "breadbox config"],
  [["uploads", "rm", "--older-than"], "breadbox uploads rm"],
])("the mistake in %p points to the help of %s", async (args, command) => {
  const { err, code } = await breadbox(args);

  expect(err).toEndWith(`\nRun "${command} --help" for usage.\n`);
  expect(code).toBe(2);
});

describe("breadbox config check", () => {
  test("confirms a valid file and prints the effective settings", async () => {
    const { out, err, code } = await breadbox(["config", "check", "good.yml"], {
      BREADBOX_LOG_LEVEL: "warn",
    });

    expect(out).toBe("The configuration is good: good.yml (2 settings), 1 environment variable.\n");
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  test("prints problems with their places for programs", async () => {
    const good = await breadbox(["config", "check", "--json", "good.yml"]);
    const bad = await breadbox(["config", "check", "--json", "bad.yml"]);

    expect([good.code, JSON.parse(good.out)]).toEqual([
      ...[0, { valid: true, file: "good.yml", problems: [], notices: [] }],
    ]);
    const told = JSON.parse(bad.out);
    expect([bad.code, bad.err, told.valid, told.file]).toEqual([3, "", false, "bad.yml"]);
    for (const problem of told.problems) expect(Object.keys(problem)).toEqual(["where", "message"]);
    expect(told.problems.length).toBeGreaterThan(0);
  });

  test("accepts --config or an argument, but not both", async () => {
    const named = await breadbox(["config", "check", "--config", "good.yml"]);
    const twice = await breadbox(["config", "check", "good.yml", "-c", "bad.yml"]);

    expect(named.out).toContain("good.yml (2 settings)");
    expect([named.code, twice.code]).toEqual([0, 2]);
    expect(twice.err).toContain("two files are named");
  });

  test("lists every mistake on standard error, without a stack, and exits with 3", async () => {
    const { out, err, code } = await breadbox(["config", "check", "bad.yml"], {
      BREADBOX_LOG_FORMAT: "xml",
    });

    expect(err).toBe(
      [
        "The configuration has 3 mistakes:",
        '  bad.yml:2:3  unknown key "lisen" in http. Did you mean "listen"?',
        '  bad.yml:4:11  gc.minAge: "5x" is not a duration. Examples: 90s, 15m, 24h, 7d.',
        '  BREADBOX_LOG_FORMAT  log.format: "xml" is not one of auto, json, pretty.',
        "",
      ].join("\n"),
    );
    expect(out).toBe("");
    expect(code).toBe(3);
  });

  test("exits with 0 when there are only warnings", async () => {
    const { err, code } = await breadbox(["config", "check"], { BREADBOX_HTTP_LISTN: ":1" });

    expect(err).toContain('Did you mean "BREADBOX_HTTP_LISTEN"?');
    expect(code).toBe(0);
  });
});

describe("breadbox config show", () => {
  test("prints a configuration file with the same values", async () => {
    const first = await breadbox(["config", "show", "-c", "good.yml", "-d", "/srv/a b"]);
    await writeFile(join(directory, "shown.yml"), first.out);
    const second = await breadbox(["config", "show", "--config", "shown.yml"]);

    expect(first.out).toContain('data: "/srv/a b"');
    expect(first.out).toContain('  listen: ":5001"');
    expect(second).toEqual(first);
  });

  test("--origin prints the source of each value", async () => {
    const { out } = await breadbox(
      ["config", "show", "--origin", "--config", "good.yml", "--data", "/srv"],
      { REGISTRY_LOG_LEVEL: "warn" },
    );

    const origins = Array.from(out.matchAll(/^\s*(\w+): .*# (.*)$/gm), ([, key, it]) => [key, it]);
    expect(origins.filter(([, origin]) => origin !== "default")).toEqual([
      ["data", "--data"],
      ["listen", "good.yml:2:11"],
      ["minAge", "good.yml:4:11"],
      ["level", "REGISTRY_LOG_LEVEL"],
    ]);
    expect(origins).toContainEqual(["shutdownGrace", "default"]);
  });

  test("--json prints the same as one object", async () => {
    const plain = await breadbox(["config", "show", "--json", "-c", "good.yml"]);
    const withOrigin = await breadbox(["config", "show", "--json", "--origin", "-c", "good.yml"]);

    expect(JSON.parse(plain.out)).toMatchObject({
      http: { listen: ":5001", max_body: 0 },
      gc: { min_age: "2h" },
      registry: { immutable_tags: [] },
      metrics: { enabled: true },
    });
    expect(JSON.parse(withOrigin.out)["gc.min_age"]).toEqual({
      value: "2h",
      origin: "good.yml:4:11",
    });
  });
});

test("uploads refuses a bad configuration with exit code 3", async () => {
  const { err, code } = await breadbox(["uploads", "ls", "-c", "bad.yml"]);

  expect(err).toStartWith("The configuration has 2 mistakes:");
  expect(code).toBe(3);
});

test("serve refuses a bad configuration with exit code 3 before it opens anything", async () => {
  const { err, code } = await breadbox(["serve", "--listen", "nowhere", "--data", "./never-made"]);

  expect(err).toContain('--listen  http.listen: "nowhere" has no port.');
  expect(code).toBe(3);
  expect(await Bun.file(join(directory, "never-made", "format")).exists()).toBe(false);
});
