// The commands for images as processes: beside a running server, on its data directory and over HTTP.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { breadbox } from "./command.ts";
import { GcRoom } from "./gcRoom.ts";

const scope = new Scope();
const room = new GcRoom(scope, "0");
beforeAll(async () => {
  await room.startServer();
  await room.pushImage("1.0", ["layer", "x".repeat(5_000)]);
  await room.pushImage("moved", ["y".repeat(40_000)]);
  await room.pushImage("moved", ["layer"]);
}, 60_000);
afterAll(() => scope[Symbol.asyncDispose]());

const remote = (...args: readonly string[]) => breadbox([...args, "--server", room.url]);

describe("the commands for images", () => {
  test.each([
    ["ls", ["ls"]],
    ["tags", ["tags", "team/app"]],
    ["show", ["show", "team/app:1.0"]],
    ["du", ["du"]],
    ["why", ["why", "team/app:1.0"]],
  ])("%s answers the same beside a server and over HTTP", async (_, args) => {
    const [local, over] = await Promise.all([
      room.run(...args, "--json"),
      remote(...args, "--json"),
    ]);

    expect([local.err, over.err]).toEqual(["", ""]);
    const withoutTimes = (text: string) => text.replaceAll(/"(?:counted_)?at": "[^"]*"/g, "");
    expect(withoutTimes(over.out)).toBe(withoutTimes(local.out));
    expect(JSON.parse(local.out)).toBeObject();
  });

  test("ls prints sizes in 80 columns", async () => {
    const { out, code } = await room.run("ls", "app");

    expect(code).toBe(0);
    expect(out).toMatch(
      /^REPOSITORY +TAGS +UNTAGGED +SIZE +UNIQUE +PUSHED +PULLED\nteam\/app +2 +1 +45 KB/,
    );
    expect(out).toEndWith("1 repository, 2 tags\n");
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each([
    [
      "an unknown tag",
      "team/app:2.0",
      1,
      "There is no tag team/app:2.0. Tags of team/app: 1.0, moved.",
    ],
    ["an unknown digest", "0123456789abcdef", 1, "Nothing here has the digest"],
    ["a word", "0123", 2, 'error: "0123" is neither an image nor a digest'],
  ])("why names %s over HTTP as beside a server", async (_, name, code, message) => {
    const ends = await Promise.all([room.run("why", name), remote("why", name)]);

    for (const { out, err, code: ended } of ends) {
      expect([out, ended]).toEqual(["", code]);
      expect(err).toContain(message);
    }
  });

  test("du and gc say what manifests without a name keep, and the command that deletes them", async () => {
    const { out } = await room.run("du");
    expect(out).toMatch(/by untagged +40 KB +1 manifest without a name/);
    expect(out).toContain("breadbox gc --untagged");

    const collected = await room.run("gc", "--dry-run");
    expect(collected.out).toContain("1 untagged manifest keeps 40 KB in team/app");
  });

  test("gc --untagged takes the age with it, as an option of its own, or from the settings", async () => {
    const deletes = async (...args: string[]) => {
      const { out, err } = await room.run("gc", "--dry-run", ...args);
      return err === "" ? (/Would delete (\d+) untagged/.exec(out)?.[1] ?? "0") : err;
    };

    expect(await deletes("--untagged", "0s")).toBe("1");
    expect(await deletes("--untagged", "--older-than", "0s")).toBe("1");
    // Seven days.
    expect(await deletes("--untagged")).toBe("0");
    expect(await deletes("--older-than", "0s")).toContain("add --untagged");
  });

  test("gc over HTTP waits for the run, and says what it counted", async () => {
    const dry = await remote("gc", "--dry-run", "--untagged", "0s", "--min-age", "0s");
    const json = await remote("gc", "--dry-run", "--json");
    const listed = await remote("gc", "--verbose");

    expect([dry.err, dry.code]).toEqual(["", 0]);
    expect(dry.out).toMatch(
      /^Garbage Collection \(dry run\)\nFound \d+ total blobs\nFound \d+ referenced blobs\nWould delete 1 untagged manifest\nWould delete \d+ orphaned blobs\nWould reclaim /,
    );
    expect(JSON.parse(json.out)).toMatchObject({ state: "done", dry_run: true, trigger: "api" });
    expect([listed.out, listed.code]).toEqual(["", 2]);
  });

  test("status is 0 beside a server and over HTTP, and 1 without one", async () => {
    const [local, over] = await Promise.all([room.run("status"), remote("status")]);

    expect([local.code, over.code]).toEqual([0, 0]);
    expect(local.out).toMatch(/Server +http:\/\/127\.0\.0\.1:\d+, open to everybody/);
    expect(local.out).toMatch(/Images +2 tags in 1 repository/);
  });

  test("rm prints its plan, and deletes with --yes what the plan said", async () => {
    const plan = await room.run("rm", "team/app:1.0");
    expect(plan.code).toBe(0);
    expect(plan.out).toMatch(/tag 1\.0: its manifest [0-9a-f]{12} stays, without a name/);
    expect(plan.out).toMatch(
      /keep 5\.\d KB\. To delete them as well:\n {2}breadbox rm team\/app@sha256:/,
    );
    expect(plan.err).toContain("Nothing was deleted");

    const done = await remote("rm", "team/app:1.0", "--yes");
    expect(done.out).toEndWith("Deleted 1 tag and 0 manifests.\n");
    const [, digest = ""] = /(team\/app@sha256:[0-9a-f]{64})/.exec(plan.out) ?? [];
    const rest = await room.run("rm", digest, "--yes");
    expect(rest.out).toContain("The next garbage collection reclaims");
    expect(rest.out).toEndWith("Deleted 0 tags and 1 manifest.\n");
    const { out } = await room.run("tags", "team/app", "--json");
    expect(JSON.parse(out).tags.map(({ name }: { name: string }) => name)).toEqual(["moved"]);

    const again = await room.run("rm", "team/app:1.0", "--yes");
    expect([again.code, again.out]).toEqual([1, "There is no team/app:1.0.\n"]);
  });

  test.each([
    [["rm", "team/app:"], 2, "is neither REPO, nor REPO:TAG"],
    [["show", "team/app"], 2, "is no image"],
    [["show", "team/app:none"], 1, "team/app has no manifest tag none"],
    [["tags", "nobody"], 1, "no repository named nobody"],
    [["ls", "--sort", "color"], 2, "one of name, pushed, pulled, size, tags"],
  ] as const)("%p ends with %d", async (args, code, message) => {
    const ended = await room.run(...args);

    expect(ended.err).toContain(message);
    expect(ended.code).toBe(code);
  });

  test("status is 1 when no server is running", async () => {
    await room.stopServer();
    const { out, code } = await room.run("status");

    expect(code).toBe(1);
    expect(out).toMatch(/Server +not running/);
  });
});
