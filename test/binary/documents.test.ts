// What the documents say to type, against the compiled binary: every command and every option that they name exists, links lead somewhere,
// and messages that readers are to look for are those that the program prints.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { breadboxBinary, projectRoot, startBreadbox } from "../support/binary.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { stepsOf } from "../support/walkthrough.ts";

const documents = ["README.md", ...readdirSync(join(projectRoot, "docs")).map((f) => `docs/${f}`)]
  .filter((file) => file.endsWith(".md"))
  .map((file) => ({ file, text: readFileSync(join(projectRoot, file), "utf8") }));

const documentOf = (name: string): string => {
  const found = documents.find(({ file }) => file === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.text;
};

/** Headings as links name them. */
const headingsOf = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

/** Command lines that begin with `breadbox`: in fenced blocks, and between backticks. */
function commandLines(text: string): string[] {
  const fenced = [...text.matchAll(/^```(?:sh|console)?\n([\s\S]*?)^```/gm)].flatMap(
    ([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"),
  );
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...fenced, ...inline].flatMap((line) => {
    // What comes after a comment, a pipe or a redirection is the shell's.
    const [, command] =
      /^\s*(?:\$ |sudo |docker exec (?:--\S+ )*\S+ \/usr\/bin\/)*(breadbox(?: [^#|>&;]*)?)/.exec(
        line,
      ) ?? [];
    return command === undefined ? [] : [command.trim()];
  });
}

/** A command's own help, and the names of its sub-commands. */
async function helpOf(path: readonly string[]) {
  const { stdout } = await run([await breadboxBinary(), ...path, "--help"]);
  const [, listed = ""] = /^Commands:\n((?: {2}.*\n?)+)/m.exec(stdout) ?? [];
  const names = [...listed.matchAll(/^ {2}(\S+)/gm)].map(([, name = ""]) => name);
  return { text: stdout, names: names.flatMap((name) => name.split("|")) };
}
const helps = new Map<string, ReturnType<typeof helpOf>>();
const help = (path: readonly string[]) => {
  const key = path.join(" ");
  const known = helps.get(key) ?? helpOf(path);
  helps.set(key, known);
  return known;
};

/** What is wrong with a command line; null when nothing is. */
async function objection(line: string): Promise<string | null> {
  const [, ...words] = line.split(/\s+/);
  const path: string[] = [];
  for (const word of words) {
    const { names } = await help(path);
    if (names.length === 0 || word.startsWith("-")) break;
    // `trust ls | rm NAME` and `gc …` stand for several.
    if (!/^[a-z][a-z-]*$/.test(word)) break;
    if (!names.includes(word)) return `no command ${[...path, word].join(" ")}`;
    path.push(word);
  }
  const { text } = await help(path);
  const unknown = words
    .filter((word) => /^--[a-z]/.test(word))
    .map((word) => word.replace(/[=,.].*$/, ""))
    .find((option) => !new RegExp(`${option}(?![\\w-])`).test(text));
  return unknown === undefined ? null : `breadbox ${path.join(" ")} has no ${unknown}`;
}

describe("the documents", () => {
  test("name commands and options that exist", async () => {
    const lines = documents.flatMap(({ file, text }) =>
      commandLines(text).map((line) => ({ file, line })),
    );
    expect(lines.length).toBeGreaterThan(200);
    const objections: string[] = [];
    for (const { file, line } of lines) {
      const wrong = await objection(line);
      if (wrong !== null) objections.push(`${file}: ${line}: ${wrong}`);
    }
    expect(objections).toEqual([]);
  }, 120_000);

  test("describe a backup that can be restored", async () => {
    await using scope = new Scope();
    const cwd = tempFolder(scope, "backup");
    const server = await startBreadbox(scope, { data: join(cwd, "breadbox-data") });
    await pushImage(`${server.url}/v2/team/app`, "1", buildImage({ seed: "b", layerSizes: [9] }));
    await server.stop();
    const other = await startBreadbox(scope, { data: join(cwd, "other", "breadbox-data") });
    const bin = tempFolder(scope, "bin");
    symlinkSync(await breadboxBinary(), join(bin, "breadbox"));
    let token = "";

    for (const { commands } of stepsOf(documentOf("docs/BACKUP.md"))) {
      const isThere = commands.includes("token create");
      const login = isThere ? "" : `token:${token}@`;
      const env = {
        PATH: `${bin}:${process.env["PATH"]}`,
        BREADBOX_SERVER: other.url.replace("://", `://${login}`),
      };
      const here = commands
        .replaceAll("bbx_…", token)
        .replaceAll("https://boxes.example", other.url);
      const script = here.replaceAll(/https:(\/\/\S+@)boxes\.example/g, `http:$1${other.host}`);
      const { stdout } = await run(["sh", "-eu", "-c", script], {
        ...{ env, cwd: isThere ? join(cwd, "other") : cwd },
      });
      token ||= /bbx_\w+/.exec(stdout)?.[0] ?? "";
    }

    const restored = await startBreadbox(scope, { data: join(cwd, "restored") });
    expect((await pullAll(`${restored.url}/v2/team/app`, "1")).blobs).toHaveLength(2);
    expect(existsSync(join(cwd, "restored-from-bucket", "breadbox.db"))).toBe(true);
  }, 120_000);

  test("link to files that exist", () => {
    const dead = documents.flatMap(({ file, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(projectRoot, dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  test("link to headings that exist", () => {
    const links = documents.flatMap(({ file, text }) =>
      [...text.matchAll(/\]\(([^)#\s:]*)#([^)\s]+)\)/g)].map(([, target = "", heading = ""]) => ({
        ...{ file, heading },
        target: target === "" ? file : join(dirname(file), target),
      })),
    );
    expect(links.length).toBeGreaterThan(30);
    const dead = links.filter(({ target, heading }) => {
      const found = documents.find((each) => each.file === target);
      return found !== undefined && !headingsOf(found.text).has(heading);
    });
    expect(dead).toEqual([]);
  });

  test("quote messages that the program has", () => {
    const sources = readdirSync(join(projectRoot, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(projectRoot, "src", file), "utf8"))
      .join("\n");
    const text = documentOf("docs/TROUBLESHOOTING.md");
    // The first part is about what clients and proxies say.
    const ours = text.slice(text.indexOf("## A login fails"));
    const quoted = [...ours.matchAll(/^\| (?:[^|`]*)`([^`]+)` \|/gm)].map(([, it = ""]) => it);
    expect(quoted.length).toBeGreaterThan(15);
    expect(quoted.filter((message) => !sources.includes(message))).toEqual([]);
  });
});
