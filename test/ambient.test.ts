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

  test("counts on in the same run of the machine when no descriptor is left, and is not told when the run was never known", async () => {
    const script = `
      import { closeSync, openSync } from "node:fs";
      import { readUptime } from ${JSON.stringify(join(import.meta.dir, "../src/ambient.ts"))};
      const look = () => readUptime().then(({ boot, uptime }) => [boot, uptime > 0], ({ code }) => code);
      const looks = process.argv.includes("early") ? [] : [await look()];
      const opened = [];
      try { for (;;) opened.push(openSync("/dev/null")); } catch {}
      looks.push(await look());
      opened.forEach((descriptor) => closeSync(descriptor));
      looks.push(await look());
      console.log(JSON.stringify(looks));
    `;
    const looksOf = async (when: string): Promise<unknown> => {
      const limited = `ulimit -n 100; exec "$0" -e "$1" ${when}`;
      const child = Bun.spawn(["sh", "-c", limited, process.execPath, script], { stdout: "pipe" });
      return JSON.parse(await new Response(child.stdout).text());
    };
    const { boot } = await readUptime();
    const right = [boot, true];

    expect(await looksOf("late")).toEqual([right, right, right]);
    expect(await looksOf("early")).toEqual(["EMFILE", right]);
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
