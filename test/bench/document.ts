// Where figures are written: docs/BENCHMARKS.md, between two marks with the name of the table.
import { join } from "node:path";
import { projectRoot } from "../support/binary.ts";

/** Replaces a table. @throws Error when the document has no place for it. */
export async function replaceTable(name: string, text: string): Promise<void> {
  const path = join(projectRoot, "docs", "BENCHMARKS.md");
  const document = await Bun.file(path).text();
  const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!marked.test(document)) throw new Error(`${path} has no place for ${name}`);
  const replaced = document.replace(marked, (_, open, close) => `${open}${text}\n${close}`);
  await Bun.write(path, replaced);
}
