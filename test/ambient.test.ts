// What a process knows of its machine and of itself.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isProcessAlive, nameProcess, readUptime } from "../src/ambient.ts";

describe("the machine's uptime", () => {
  test("increases within one run of the machine", async () => {
    const first = await readUptime();
    const second = await readUptime();

    expect(second.boot).toBe(first.boot);
    expect(second.uptime).toBeGreaterThanOrEqual(first.uptime);
    expect(Number.isSafeInteger(first.uptime)).toBe(true);
  });
});

describe("a process's name", () => {
  test("is alive while the process runs and dead after it has ended", async () => {
    const self = await nameProcess();
    const child = Bun.spawn(["sleep", "60"]);
    const name = self.replace(/\d+$/, String(child.pid));

    expect([isProcessAlive(self, self), isProcessAlive(name, self)]).toEqual([true, true]);
    child.kill();
    await child.exited;
    expect(isProcessAlive(name, self)).toBe(false);
  });

  test("from another machine, or malformed, counts as alive", async () => {
    const self = await nameProcess();
    const ended = Bun.spawn(["true"]);
    await ended.exited;
    const [boot, space] = self.split(".");

    expect(isProcessAlive(`another-boot.${space}.${ended.pid}`, self)).toBe(true);
    expect(isProcessAlive(`${boot}.1.${ended.pid}`, self)).toBe(true);
    expect(isProcessAlive("", self)).toBe(true);
    expect(isProcessAlive(`${boot}.${space}.-1`, self)).toBe(true);
  });
});

test("the thread that lowers its priority lets other threads run first", async () => {
  const script = `
    import { getPriority } from "node:os";
    import { giveWay } from ${JSON.stringify(join(import.meta.dir, "../src/ambient.ts"))};
    giveWay();
    console.log(getPriority());
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });

  const priority = Number(await new Response(child.stdout).text());

  expect(priority).toBe(process.platform === "linux" ? 10 : 0);
});
