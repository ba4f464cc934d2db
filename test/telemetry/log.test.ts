import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import pino from "pino";
import { formatBytes, logPush } from "../../src/telemetry/events.ts";
import { capped, loggerOptions } from "../../src/telemetry/log.ts";

const room = join(import.meta.dir, "..", "..", "src", "telemetry", "log.ts");

/** Starts a program that has opened the log as `opened`. */
function spawn(body: string, format: string, terminal = false) {
  const program = `
    const { openLog } = await import(${JSON.stringify(room)});
    const opened = await openLog({ level: "info", format: "${format}", terminal: ${terminal} });
    ${body}`;
  return Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
}

/** Runs such a program to its end and returns what it printed. */
async function run(body: string, format: string, terminal = false): Promise<string> {
  const child = spawn(body, format, terminal);
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

const line = `opened.log.info({ size: 1 }, "one");`;

describe("the opened log", () => {
  test("writes JSON lines, the last ones when the process exits", async () => {
    const text = await run(`${line} opened.log.debug("hidden"); process.exit(0);`, "json");
    expect(
      text
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text)),
    ).toEqual([{ level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/), size: 1, msg: "one" }]);
  });

  test.each(["json", "pretty"])(
    "as %s holds nothing that a terminal takes for a command, whatever clients called their objects",
    async (format) => {
      const strange = "a\u009b31m\u202egnp.\u2066\u200f\u061c\u2028\ud800\u0007\u001b[2Jz";
      const body = `const strange = ${JSON.stringify(strange)};
        opened.log.info({ object: strange, [strange]: [strange] }, "put " + strange);
        opened.log.error({ err: new Error(strange) }, "failed");
        process.exit(0);`;
      const text = await run(body, format);

      expect(text).toContain("put a");
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(text).not.toContain("\ufffd");
      if (format === "pretty") return;
      const [first = ""] = text.split("\n");
      expect(JSON.parse(first).object).toBe(strange);
    },
  );

  test("as pretty has one short line for an event: what happened, who asked, from where, with what", async () => {
    const fields = {
      ...{ event: "push", repository: "team/app", size: 12, requestId: "r-1" },
      ...{ who: "user:ann", address: "10.0.0.7", client: "Docker-Client/27.5.1 (linux)" },
    };
    const refused = { ...fields, event: "refused", status: 403, path: "/v2/team/app/manifests/1" };
    const body = `opened.log.info(${JSON.stringify(fields)}, "push team/app:1.0");
      opened.log.info(${JSON.stringify(refused)}, "putManifest refused: no");
      opened.log.info({ event: "create", who: null, address: null, client: null }, "create");
      process.exit(0);`;
    const lines = (await run(body, "pretty")).trimEnd().split("\n");

    const by = "by user:ann from 10.0.0.7 with Docker-Client/27.5.1 (linux)";
    expect(lines.map((text) => text.replace(/^.*?INFO: /, ""))).toEqual([
      `push team/app:1.0 ${by}`,
      `putManifest refused: no (403 /v2/team/app/manifests/1) ${by}`,
      "create",
    ]);
  });

  test("keeps every line in order when there are many", async () => {
    const text = await run(
      `for (let n = 0; n < 20000; n += 1) opened.log.info({ n }, "line"); await opened.close(); process.exit(0);`,
      "json",
    );
    const numbers = text
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text).n);
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  test("writes a line within a moment, without a flush", async () => {
    const child = spawn(`${line} setInterval(() => {}, 1000);`, "json");
    for await (const chunk of child.stdout) {
      expect(new TextDecoder().decode(chunk)).toContain('"msg":"one"');
      break;
    }
    child.kill();
    await child.exited;
  });

  test("writes lines logged after its end when the process exits", async () => {
    const text = await run(`await opened.close(); ${line} process.exit(0);`, "json");
    expect(text).toContain('"msg":"one"');
  });

  test.each([
    ["pretty", false],
    ["auto", true],
  ])("format %s prints lines for people", async (format, terminal) => {
    const text = await run(line, format, terminal);
    expect(text).toContain("one");
    expect(text).not.toStartWith("{");
  });

  test("uses JSON for format auto without a terminal", async () => {
    expect(await run(line, "auto")).toStartWith("{");
  });
});

describe("errors in the log", () => {
  test("have their stack and their cause, each truncated", () => {
    const lines: string[] = [];
    const log = pino(loggerOptions("info"), { write: (line) => lines.push(line) });
    const cause = Object.assign(new Error("m".repeat(5000)), { code: "EIO" });

    log.error({ err: new Error("outer", { cause }) }, "failed");

    const { err } = JSON.parse(lines.join(""));
    expect(err).toMatchObject({ type: "Error", message: "outer", cause: { code: "EIO" } });
    expect(err.stack).toContain("log.test.ts");
    expect(err.cause.message).toBe(capped("m".repeat(5000)));
    expect(err.cause.message.length).toBe(1025);
  });
});

describe("events", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [3_600_000, "3.6 MB"],
    [5_368_709_120, "5.4 GB"],
  ])("%p bytes are written as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test("of an index push has the number of manifests", () => {
    const lines: string[] = [];
    const log = pino(loggerOptions("info"), { write: (line) => lines.push(line) });
    logPush(log, {
      repository: "a",
      reference: "1",
      digest: `sha256:${"0".repeat(64)}`,
      size: 10,
      requestId: "r",
      who: null,
      address: () => null,
      client: () => null,
      contentSize: 2000,
      references: 1,
      ofManifests: true,
    });
    expect(JSON.parse(lines.join("")).msg).toBe("push a:1 sha256:000000000000 2.0 kB, 1 manifest");
  });
});
