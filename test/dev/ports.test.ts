// Tests that run at the same time, of one run or of several, get ports that no other one gets.
import { expect, test } from "bun:test";
import { join } from "node:path";

const each = 300;
const source = `
  import { freePort } from ${JSON.stringify(join(import.meta.dir, "../support/processes.ts"))};
  console.log(JSON.stringify(Array.from({ length: ${each} }, freePort)));
  // Until all others have theirs.
  await Bun.stdin.text();`;

test("no two processes get the same port", async () => {
  const children = Array.from({ length: 4 }, () =>
    Bun.spawn([process.execPath, "-e", source], { stdin: "pipe", stdout: "pipe" }),
  );
  const ports = await Promise.all(
    children.map(async (child) => {
      const { value } = await child.stdout.getReader().read();
      return JSON.parse(new TextDecoder().decode(value));
    }),
  );
  for (const child of children) await child.stdin.end();
  const codes = await Promise.all(children.map((child) => child.exited));

  expect(codes).toEqual([0, 0, 0, 0]);
  expect(new Set(ports.flat()).size).toBe(4 * each);
});
