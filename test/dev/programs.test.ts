// The programs of this project that people run: what documents and comments tell them to type exists, is documented, and takes the options
// that it lists.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  flag,
  number,
  oneOf,
  parseOptions,
  seed,
  text,
  UsageError,
  usageOf,
} from "../../.dev/options.ts";
import manifest from "../../package.json" with { type: "json" };
import { projectRoot } from "../support/binary.ts";
import { run } from "../support/processes.ts";

const scripts: Readonly<Record<string, string>> = manifest.scripts;

const read = (pattern: string) =>
  [...new Bun.Glob(pattern).scanSync({ cwd: projectRoot, dot: true })]
    .filter((file) => !/^\.dev\/cache\/|^test\/dev\/programs\.test\.ts$/.test(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(projectRoot, file), "utf8") }));

const documents = [...read("{README,CHANGELOG}.md"), ...read("docs/*.md")];
const places = [...documents, ...read("{test,.dev,.ci}/**/*.{ts,md}"), ...read("{build.ts,.ci/*}")];

/** Options of `npm run` come before the name of a script, so a name begins with a letter. */
const runs = /\b(npm|bun) run ([a-z][\w:]*)/g;

describe("what people are told to run", () => {
  const named = places.flatMap(({ file, text: words }) =>
    [...words.matchAll(runs)].map(([, by = "", name = ""]) => ({ file, by, name })),
  );

  test("is a script of package.json", () => {
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
  });

  test("is spelled npm run, but where the changes say that Bun alone is enough", () => {
    const other = named.filter(({ by }) => by === "bun");
    expect(other).toEqual([{ file: "CHANGELOG.md", by: "bun", name: "test" }]);
    // The pinned Bun runs files and tests, whichever is on the PATH.
    const bare = documents.filter(
      ({ file, text: words }) =>
        /`bun (?:test |[\w./]+\.ts)/.test(words) && file !== "CHANGELOG.md",
    );
    expect(bare.map(({ file }) => file)).toEqual([]);
  });

  test("is in CONTRIBUTING.md, each script of it", () => {
    const { text: words = "" } = documents.find(({ file }) => /CONTRIBUTING/.test(file)) ?? {};
    const shown = Object.keys(scripts).map((name) =>
      ["test", "start"].includes(name) ? `\`npm ${name}\`` : `\`npm run ${name}\``,
    );
    expect(shown.length).toBeGreaterThan(15);
    expect(shown.filter((command) => !words.includes(command))).toEqual([]);
  });

  test("are files that exist", () => {
    const files = documents.flatMap(({ file, text: words }) =>
      [...words.matchAll(/(?:`|\bsh \.dev\/bun (?:test )?)((?:test|\.dev|src)\/[\w./*-]+)/g)].map(
        ([, path = ""]) => ({ file, path: path.replace(/[./]+$/, "") }),
      ),
    );
    const isThere = (path: string) =>
      [path, `${path}/**`].some(
        (pattern) =>
          [...new Bun.Glob(pattern).scanSync({ cwd: projectRoot, dot: true })].length > 0,
      );
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter(({ path }) => !isThere(path))).toEqual([]);
  });
});

describe("a program", () => {
  /** The server has options of its own. */
  const commands = Object.entries(scripts).flatMap(([name, script]) => {
    const [, file] = /^exec sh \.dev\/bun (\S+)$/.exec(script) ?? [];
    const typed = name === "test" ? "npm test" : `npm run ${name}`;
    return file === undefined ? [] : [{ file, typed }];
  });
  const others = read("{test,.dev}/**/*.ts").flatMap(({ file, text: code }) => {
    const [, typed] = /name: "(sh \.dev\/bun [^"]+)"/.exec(code) ?? [];
    return typed === undefined ? [] : [{ file, typed }];
  });

  test("reads its options by readOptions, which every script but start does", () => {
    expect(commands.length).toBe(Object.keys(scripts).length - 1);
    expect(others.length).toBeGreaterThan(5);
    const own = read("{test,.dev}/**/*.ts").filter(
      ({ file, text: code }) =>
        /\bparseArgs\(/.test(code) && !/fixtures\/|^\.dev\/options\.ts$/.test(file),
    );
    expect(own.map(({ file }) => file)).toEqual([]);
  });

  test.each([...commands, ...others])(
    "$typed lists its options in 80 columns, and refuses others with a sentence",
    async ({ file, typed }) => {
      const call = (option: string) =>
        run([process.execPath, file, option], { cwd: projectRoot, mayFail: true });
      const [help, wrong] = await Promise.all([call("--help"), call("--no-such-option")]);

      expect(help).toMatchObject({ code: 0, output: help.stdout });
      expect(help.stdout).toStartWith(`Usage: ${typed} `);
      expect(help.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
      const asked = typed.startsWith("npm ") ? `${typed} --` : typed;
      expect(wrong).toMatchObject({
        ...{ code: 2, stdout: "" },
        output: `there is no option --no-such-option; ${asked} --help lists the options\n`,
      });
    },
    60_000,
  );
});

describe("the options of a program", () => {
  const program = {
    name: "npm run example",
    about: "Shows what there is.",
    options: {
      minutes: number("N", 5, "how long"),
      most: number("N", null, `at most this, ${"and not more, ".repeat(9)}ever`),
      kind: oneOf("KIND", ["red", "blue"], "of what colour"),
      only: text("LIST", "", "what"),
      calm: flag("nobody is hurt"),
      seed,
    },
    operands: "COMMIT [NAME]",
  };

  test("have the values that were given, and their defaults", () => {
    const said = parseOptions(program, ["abc", "--minutes", "0.5", "--kind=blue", "--calm"]);
    expect(said).toMatchObject({
      values: { minutes: 0.5, most: null, kind: "blue", only: "", calm: true },
      operands: ["abc"],
    });
    expect(parseOptions(program, ["abc", "--seed", "7"])?.values.seed).toBe("7");
    expect(parseOptions(program, ["abc"])?.values).toMatchObject({ kind: null, calm: false });
  });

  test.each([
    [["abc", "--nonsense=1"], "there is no option --nonsense"],
    [["abc", "--constructor"], "there is no option --constructor"],
    [["abc", "-x"], "there is no option -x"],
    [["abc", "--minutes", "soon"], '--minutes "soon" is not a number'],
    [["abc", "--minutes", "--calm"], "--minutes needs a value: N"],
    [["abc", "--minutes"], "--minutes needs a value: N"],
    [["abc", "--calm=no"], "--calm takes no value"],
    [["abc", "--kind", "green"], '--kind "green" is none of red, blue'],
    [["--calm"], "COMMIT is missing"],
    [["a", "b", "c"], '"c" is not expected'],
  ])("%p are refused", (args, reason) => {
    expect(() => parseOptions(program, args)).toThrow(new UsageError(reason));
  });

  test("are listed with what they mean, when help is asked for", () => {
    expect(parseOptions(program, ["--help"])).toBeNull();
    expect(parseOptions(program, ["-h"])).toBeNull();
    expect(usageOf(program).split("\n").slice(0, 8)).toEqual([
      "Usage: npm run example -- [options] COMMIT [NAME]",
      "",
      "Shows what there is.",
      "",
      "Options:",
      "  --minutes N  how long (5 by default)",
      "  --most N     at most this, and not more, and not more, and not more, and not",
      "               more, and not more, and not more, and not more, and not more, and",
    ]);
  });
});
