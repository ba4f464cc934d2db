// Typing a password on a terminal: it is not shown, can be corrected, and counts only if it is typed twice alike.
import { describe, expect, test } from "bun:test";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { breadbox } from "./command.ts";
import { runOnTerminal } from "./commandOnTerminal.ts";
import { GcRoom } from "./gcRoom.ts";

/** `breadbox user add ann` on a terminal, after the lines were typed, each when it was asked for. */
async function typed(scope: Scope, first: string, second: string | null) {
  const room = new GcRoom(scope);
  await room.startServer();
  const { data } = room;
  const command = runOnTerminal(["user", "add", "ann", "--data", data], { env: {} });
  const asked = (question: string) =>
    waitFor(question, () => command.shown().includes(question), { explain: command.shown });
  await asked("Password for ann: ");
  command.type(first);
  if (second !== null) {
    await asked("Again: ");
    command.type(second);
  }
  const code = await command.ended();
  const { out } = await breadbox(["user", "ls", "--json", "--data", data]);
  const names = JSON.parse(out).users.map(({ name }: { name: string }) => name);
  return { code, shown: command.shown(), names };
}

describe("breadbox user add on a terminal", () => {
  test("takes a password that is typed twice, with corrections, and shows nothing of it", async () => {
    await using scope = new Scope();
    const { code, shown, names } = await typed(
      scope,
      "hx\u007forse battery\r",
      "horse bats\btery\n",
    );
    expect({ code, names }).toEqual({ code: 0, names: ["ann"] });
    expect(shown).not.toContain("horse");
  });

  test("refuses two passwords that differ", async () => {
    await using scope = new Scope();
    const { code, shown, names } = await typed(scope, "horse battery\r", "horse battery!\r");
    expect({ code, names }).toEqual({ code: 2, names: [] });
    expect(shown).toContain("The two passwords differ. Nothing was changed.");
  });

  test.each([
    ["at the first question", "horse\u0003", null],
    ["at the second one", "horse battery\r", "\u0003"],
  ])("is broken off by Ctrl+C %s", async (_, first, second) => {
    await using scope = new Scope();
    const { code, names } = await typed(scope, first, second);
    expect({ code, names }).toEqual({ code: 2, names: [] });
  });
});
