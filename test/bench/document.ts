// Where figures are written: docs/BENCHMARKS.md, between two marks with the name of the table.
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../support/binary.ts";
import { run } from "../support/processes.ts";

const path = join(projectRoot, "docs", "BENCHMARKS.md");

const git = async (...args: string[]): Promise<string> =>
  (await run(["git", "-C", projectRoot, ...args])).stdout.trim();

/** The commit that is measured, and whether it is that. */
export async function commitName(): Promise<string> {
  const commit = await git("rev-parse", "--short", "HEAD");
  const changed = await git("status", "--porcelain", "--", "src", "package.json", "build.ts");
  return `${commit}${changed === "" ? "" : " and changes since"}`;
}

/** Where and when figures were measured, and of what: machine, commit and day. */
export async function circumstances(): Promise<string> {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux`;
  return `${machine}; commit ${await commitName()}, ${today()}`;
}

const today = (): string => new Date().toISOString().slice(0, 10);

/** What is written of a table. */
interface Written {
  /** null when nothing was measured: then the figures stay that are there. */
  readonly table: string | null;
  /** What could not be measured, and why. */
  readonly lacking: string | null;
}

/** Replaces a table. @throws Error when the document has no place for it. */
export async function writeTable(name: string, { table, lacking }: Written): Promise<void> {
  const document = await Bun.file(path).text();
  const at = lacking === null ? null : `${lacking} (${await commitName()}, ${today()})`;
  await Bun.write(path, withTable(document, name, { table, lacking: at }));
}

/** The document with a table replaced. @throws Error when it has no place for it. */
export function withTable(document: string, name: string, { table, lacking }: Written): string {
  const marked = new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`);
  if (!marked.test(document)) throw new Error(`docs/BENCHMARKS.md has no place for ${name}`);
  return document.replace(marked, (_, open, before, close) => {
    const kept = table ?? before.replace(/\n\nNot measured: [^\n]*\n$/, "").trimEnd();
    return `${open}${kept}${lacking === null ? "" : `\n\n${lacking}`}\n${close}`;
  });
}

/** Replaces the picture of the curves. */
export async function writePicture(svg: string): Promise<void> {
  await Bun.write(join(projectRoot, "docs", "growth.svg"), svg);
}
