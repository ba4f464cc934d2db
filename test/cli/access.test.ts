// `breadbox user`, `token` and `access` from end to end: what they say, what they change, and how they refuse.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Scope } from "../support/scope.ts";
import { breadbox } from "./command.ts";
import { GcRoom } from "./gcRoom.ts";

const scope = new Scope();
const room = new GcRoom(scope);
beforeAll(() => room.startServer());
afterAll(() => scope.close());

/** A command on the store of the running server. */
const command = (...args: readonly string[]) => breadbox([...args, "--data", room.data]);
const withPassword = (...args: readonly string[]) =>
  breadbox([...args, "--password-stdin", "--data", room.data], { input: "horse battery\n" });
const said = (out: string) => ({ out: `${out}\n`, err: "", code: 0 });
const refused = (err: string) => ({ out: "", err: `${err}\n`, code: 1 });
const misused = async (...args: readonly string[]) => {
  const { out, err, code } = await command(...args);
  expect([out, code]).toEqual(["", 2]);
  return err;
};

describe("a store without accounts", () => {
  test("lists none, and says how to add one", async () => {
    expect(await command("user", "ls")).toEqual(
      said("There are no users. To add one: breadbox user add NAME --admin"),
    );
    expect(await command("token", "ls")).toEqual(said("There are no tokens."));
    expect(await command("access", "ls")).toEqual(
      said("There are no rules: only administrators may do anything."),
    );
  });
});

describe("breadbox user", () => {
  test("add needs a terminal or --password-stdin", async () => {
    expect(await misused("user", "add", "ann")).toBe(
      "There is no terminal to ask for the password on: add --password-stdin.\n",
    );
    expect(await misused("user", "passwd", "ann")).toContain("add --password-stdin");
  });

  test("adds a user once, and says that nothing is allowed yet", async () => {
    expect(await withPassword("user", "add", "bob")).toEqual(
      said(
        "Added the user bob.\nNothing is allowed yet: breadbox access allow bob 'PATTERN' pull,push",
      ),
    );
    expect(await withPassword("user", "add", "bob")).toEqual(
      refused("There is a user bob. To change the password: breadbox user passwd bob"),
    );
    expect((await withPassword("user", "passwd", "bob")).out).toStartWith("Changed the password");
  });

  test.each([
    ["promote", "bob is an administrator now.", "bob is no administrator any more."],
    ["disable", "bob may not log in any more.", "bob may log in again."],
  ])("%s works, and can be undone", async (verb, done, undone) => {
    expect(await command("user", verb, "bob")).toEqual(said(done));
    expect(await command("user", verb, "bob", "--undo")).toEqual(said(undone));
  });

  test.each([[["user", "promote", "eve"]], [["user", "disable", "eve"]], [["user", "rm", "eve"]]])(
    "%p of a user that is not there is refused",
    async (args) => {
      const { err, code } = await command(...args);
      expect([err, code]).toEqual([expect.stringContaining("eve"), 1]);
    },
  );

  test("import needs grants of the right form", async () => {
    expect(await misused("user", "import", "none", "--grant", "lab")).toContain(
      "--grant takes PATTERN:ACTIONS, such as 'lab/**:pull,push'.",
    );
    expect((await command("user", "import", "none")).err).toContain("none cannot be read.");
  });

  test("rm removes the user and its rules", async () => {
    expect((await command("access", "allow", "bob", "lab/**", "pull")).code).toBe(0);
    expect(await command("user", "rm", "bob")).toEqual(
      said("Removed the user bob and the rules about it."),
    );
    expect((await command("access", "ls")).out).not.toContain("bob");
  });
});

describe("breadbox token", () => {
  test.each([
    [["--grant", "lab"], "--grant takes PATTERN:ACTIONS"],
    [
      ["--grant", "lab/**:pull", "--expires", "soon"],
      "--expires takes a time, such as 90d, or never.",
    ],
  ])("create with %p is bad usage", async (args, why) => {
    expect(await misused("token", "create", "ci", ...args)).toContain(why);
  });

  test("create prints the token once, which ends or does not; revoke ends it", async () => {
    const lasting = await command(
      "token",
      "create",
      "ci",
      "--grant",
      "**:pull",
      "--expires",
      "never",
    );
    expect(lasting.out).toMatch(/^bbx_\S+\n$/);
    expect(lasting.err).toStartWith("This is the only time that the token is shown.");
    expect((await command("token", "ls")).out).toMatch(/^ci +active +never +never +\*\*:pull$/m);
    expect(await command("token", "create", "ci", "--grant", "**:pull")).toMatchObject({ code: 1 });

    expect(await command("token", "revoke", "ci")).toEqual(said("Revoked the token ci."));
    expect(await command("token", "revoke", "ci")).toEqual(
      refused("There is no token ci that is not revoked."),
    );
  });
});

describe("breadbox access", () => {
  test("adds, tests and removes a rule", async () => {
    const { out } = await command("access", "allow", "anonymous", "public/**", "pull");
    const [, id = ""] = /^Added rule (\d+)\.$/m.exec(out) ?? [];
    const question = ["access", "test", "anonymous", "pull", "public/app"];
    expect(await command(...question)).toMatchObject({ code: 0 });
    expect(await command("access", "rm", id)).toEqual(said(`Removed rule ${id}.`));
    expect(await command("access", "rm", id)).toEqual(refused(`There is no rule ${id}.`));
    expect(await command(...question)).toMatchObject({ code: 1 });
  });

  test("rm takes the ID of a rule only", async () => {
    expect(await misused("access", "rm", "ann")).toContain(
      "name the ID of a rule: breadbox access ls",
    );
  });
});
