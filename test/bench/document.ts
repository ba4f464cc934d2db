// Where figures are written: docs/BENCHMARKS.md, between two marks with the name of the table.
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/binary.ts";
import { run } from "../support/processes.ts";

/** Where and when figures were measured, and of what: machine, commit and day. */
export async function circumstances(): Promise<string> {
  const git = async (...args: string[]) =>
    (await run(["git", "-C", projectRoot, ...args])).stdout.trim();
  const commit = await git("rev-parse", "--short", "HEAD");
  const changed = await git("status", "--porcelain", "--", "src", "package.json", "build.ts");
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux`;
  const day = new Date().toISOString().slice(0, 10);
  return `${machine}; commit ${commit}${changed === "" ? "" : " and changes since"}, ${day}`;
}

/** Replaces a table. @throws Error when the document has no place for it. */
export async function replaceTable(name: string, text: string): Promise<void> {
  const path = join(projectRoot, "docs", "BENCHMARKS.md");
  const document = await Bun.file(path).text();
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!marked.test(document)) throw new Error(`${path} has no place for ${name}`);
  const replaced = document.replace(marked, (_, open, close) => `${open}${text}\n${close}`);
  await Bun.write(path, replaced);
}
