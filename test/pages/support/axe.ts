// What axe finds on a page: rules of WCAG 2.2 A and AA, and best practices.
import { join } from "node:path";
import type { Page } from "puppeteer-core";

const source = await Bun.file(
  join(import.meta.dir, "..", "..", "..", "node_modules", "axe-core", "axe.min.js"),
).text();

/** @returns a line for each rule that an element breaks. */
export async function troublesOf(page: Page): Promise<string[]> {
  // Sent by the browser's driver: the policy of the page would forbid it.
  await page.evaluate(source);
  const lines: unknown = await page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)))`);
  return Array.isArray(lines) ? lines.map(String) : [`axe said ${lines}`];
}
