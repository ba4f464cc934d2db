import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openPipe } from "../support/pipes.ts";
import { startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const room = join(import.meta.dir, "..", "..", "src", "telemetry", "log.ts");
/** About 400 bytes each: some four times of what waits at most. */
const many = 24_000;

/** A program that has opened the log on `stdout` and runs `body`; what it says goes to its other stream. */
function startLogger(scope: Scope, stdout: number, body: string) {
  const program = `
    const { openLog } = await import(${JSON.stringify(room)});
    const { log, close } = await openLog({ level: "info", format: "json", terminal: false });
    const fill = "x".repeat(350);
    const logMany = () => { for (let n = 0; n < ${many}; n += 1) log.info({ n, fill }, "line"); };
    const say = (text) => new Promise((resolve) => process.stderr.write(text, resolve));
    setInterval(() => {}, 1000);
    ${body}`;
  const log = join(tempFolder(scope, "logger"), "log");
  return startProcess(scope, [process.execPath, "-e", program], { log, stdout });
}

const stopped = `process.on("SIGTERM", async () => { await close(); process.exit(0); });`;

describe("a reader of the log that has stopped reading", () => {
  test("loses the oldest lines, whose number is logged once it reads again", async () => {
    await using scope = new Scope();
    const pipe = await openPipe(scope);
    const logger = startLogger(scope, pipe.writer, `${stopped} logMany(); await say("logged");`);
    await waitFor("all lines to be logged", () => logger.logs() === "logged");

    let text = "";
    await waitFor("the count of lost lines", () => {
      text += pipe.read();
      return text.includes('"lost":') && text.endsWith("\n");
    });

    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const numbers = lines.filter(({ msg }) => msg === "line").map(({ n }) => n);
    const [note, ...others] = lines.filter(({ msg }) => msg !== "line");
    expect(others).toEqual([]);
    expect(note).toMatchObject({ level: "warn", lost: many - numbers.length });
    expect(note.lost).toBeGreaterThan(many / 2);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.at(-1)).toBe(many - 1);
  });

  test("does not keep the process from ending", async () => {
    await using scope = new Scope();
    const pipe = await openPipe(scope);
    const logger = startLogger(scope, pipe.writer, `${stopped} logMany(); await say("logged");`);
    await waitFor("all lines to be logged", () => logger.logs() === "logged");

    expect(await logger.stop()).toBe(0);
  });
});

describe("the log at the end of the process", () => {
  test("is written into a pipe whose reader is slow", async () => {
    await using scope = new Scope();
    const pipe = await openPipe(scope);
    const logger = startLogger(scope, pipe.writer, `log.info("last"); process.exit(0);`);

    expect(await logger.exited).toBe(0);
    expect(pipe.read()).toContain('"msg":"last"');
  });
});

test("a line after a pause is written at once, and those that follow it soon after", async () => {
  await using scope = new Scope();
  const pipe = await openPipe(scope);
  startLogger(scope, pipe.writer, `log.info("first"); setTimeout(() => log.info("second"), 1);`);

  let text = "";
  await waitFor("both lines", () => {
    text += pipe.read();
    return text.includes("second");
  });
  expect(text).toContain("first");
});
