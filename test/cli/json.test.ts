// What `--json` prints, of every command: one style, that of the API, and nothing that a terminal takes for a command.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { GcRoom } from "./gcRoom.ts";

const scope = new Scope();
const room = new GcRoom(scope, "0");
const strange = "\u009b31m\u202egnp.exe\u2066";
let blob: string;
beforeAll(async () => {
  await room.startServer();
  blob = await room.pushBlob("layer");
  await room.pushImage("image", ["layer"]);
  await room.pushBlob("orphan");
  await room.putObject(`backups/${encodeURIComponent(strange)}`, "layer");
}, 30_000);
afterAll(() => scope[Symbol.asyncDispose]());

/** Names of all members, however deep. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)]);
}

describe("--json", () => {
  test.each([
    ["uploads ls", () => ["uploads", "ls"]],
    ["gc", () => ["gc", "--dry-run"]],
    ["fsck", () => ["fsck"]],
    ["why", () => ["why", blob]],
    ["config show", () => ["config", "show"]],
    ["config show --origin", () => ["config", "show", "--origin"]],
  ] as const)("%s has names in snake_case only", async (_, args) => {
    const { out, err } = await room.run(...args(), "--json");

    expect(err).toBe("");
    const names = namesIn(JSON.parse(out));
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !/^[a-z0-9_.]+$/.test(name))).toEqual([]);
  });

  test("escapes terminal commands in object names and parses to the exact name", async () => {
    const { out } = await room.run("why", blob, "--json");

    expect(out).not.toMatch(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(out).objects).toEqual([{ bucket: "backups", object: strange }]);
  });

  test("prints lists as arrays, and settings that a configuration file accepts", async () => {
    const { out } = await room.run("config", "show", "--json");

    const shown = JSON.parse(out);
    expect(shown.registry.immutable_tags).toEqual([]);
    expect(shown.http.shutdown_grace).toBe("1m");
  });
});
