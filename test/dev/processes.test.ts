// What tests hear of the commands that they run.
import { expect, test } from "bun:test";
import { run } from "../support/processes.ts";

test("a command that is killed at its time limit says so, as it cannot itself", async () => {
  const { code, stdout, output } = await run(["sleep", "60"], { timeoutMs: 100, mayFail: true });

  expect({ code, stdout }).toEqual({ code: 137, stdout: "" });
  expect(output).toBe("(killed by the test: it had not ended after 0.1 s)\n");
});

test("a command that somebody else kills is not said to have been late", async () => {
  const { code, output } = await run(["sh", "-c", "kill -9 $$"], { mayFail: true });

  expect({ code, output }).toEqual({ code: 137, output: "" });
});
