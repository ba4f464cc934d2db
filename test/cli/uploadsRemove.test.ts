// `breadbox uploads rm`.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { main } from "./command.ts";
import { UploadsRoom } from "./uploadsRoom.ts";

const unknown = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
const scope = new Scope();
const room = new UploadsRoom(scope);
beforeAll(() => room.startServer());
afterAll(() => scope.close());
beforeEach(async () => {
  await room.uploads(["rm", "--all", "--yes"]);
});

describe("breadbox uploads rm ID", () => {
  test("removes the upload for the running server at once", async () => {
    const [kept, removed] = [await room.start(), await room.start()];
    await room.append(removed, "x".repeat(1500));

    const { out, code } = await room.uploads(["rm", removed.id]);

    expect(out).toBe(`Removed upload ${removed.id} of team/app (1.5 KB).\n`);
    expect(code).toBe(0);
    expect((await room.append(removed, "more")).status).toBe(404);
    expect((await room.append(kept, "more")).status).toBe(202);
    expect(await readdir(join(room.data, "uploads"))).toEqual([kept.id]);
  });

  test("--json lists the removed uploads", async () => {
    const { id } = await room.start();

    expect(JSON.parse((await room.uploads(["rm", id, "--json"])).out)).toEqual({
      removed: [{ id, repository: "team/app", bytes: 0 }],
      bytes: 0,
      spared: 0,
    });
  });

  test("ends an upload that is being received: its client gets 404", async () => {
    const session = await room.start();
    const { id } = session;
    const writer = await room.openWriter(session);

    expect((await room.uploads(["rm", id])).code).toBe(0);

    expect(await writer.finish()).toBe(404);
    expect(await readdir(join(room.data, "uploads"))).toEqual([]);
  });

  test.each([unknown, "nonsense"])("%s is not there: exit code 1 and a sentence", async (id) => {
    expect(await room.uploads(["rm", id])).toEqual({
      out: "",
      err: `No open upload has the id "${id}". \`breadbox uploads ls\` lists them.\n`,
      code: 1,
    });
  });
});

describe("breadbox uploads rm --all and --older-than", () => {
  test("--all keeps uploads that are being received and counts them", async () => {
    await room.start();
    await room.start();
    const session = await room.start();
    const { id } = session;
    const writer = await room.openWriter(session);

    const { out, code } = await room.uploads(["rm", "--all", "--yes"]);

    expect(out).toBe("Removed 2 uploads (0 B). 1 upload is being written and was left alone.\n");
    expect(code).toBe(0);
    expect(await readdir(join(room.data, "uploads"))).toEqual([id]);
    expect(await writer.finish()).toBe(202);
  });

  test("--older-than removes only uploads that were idle for that long", async () => {
    const { id } = await room.start();

    const young = await room.uploads(["rm", "--older-than", "1h", "--yes"]);
    const old = await room.uploads(["rm", "--older-than", "1ms", "--yes", "--json"]);

    expect(young).toEqual({ out: "There was nothing to remove.\n", err: "", code: 0 });
    expect(JSON.parse(old.out)).toMatchObject({ removed: [{ id }], spared: 0 });
  });

  const mistakes: [string[], string][] = [
    [["rm"], "name an upload, --all or --older-than TIME."],
    [["rm", "--yes"], "name an upload, --all or --older-than TIME."],
    [["rm", "--all"], "add --yes: there is no terminal to ask on. Nothing was removed."],
    [["rm", "--older-than", "0"], "add --yes: there is no terminal to ask on."],
    [["rm", "--older-than", "soon", "--yes"], '--older-than: "soon" is not a duration.'],
    [["rm", unknown, "--all", "--yes"], "an id cannot be combined"],
    [["rm", unknown, unknown], "too many arguments"],
  ];
  test.each(mistakes)(
    "%p exits with the usage error code and removes nothing",
    async (args, reason) => {
      await room.start();

      const { out, err, code } = await room.uploads(args);

      expect(err).toContain(reason);
      expect(err).toContain("--help");
      expect([out, code]).toEqual(["", 2]);
      expect(await room.listed()).toHaveLength(1);
    },
  );
});

describe("breadbox uploads rm on a terminal", () => {
  /** Answers the question that `rm` asks. @returns what was on the screen, and the exit code. */
  async function answering(args: readonly string[], key: string) {
    const screen: string[] = [];
    const text = () => screen.join("");
    const child = Bun.spawn([process.execPath, main, "uploads", ...args, "--data", room.data], {
      cwd: room.folder,
      env: {},
      terminal: { data: (_, bytes) => void screen.push(new TextDecoder().decode(bytes)) },
    });
    await waitFor("the question", () => text().includes("[y/N]"), { explain: text });
    child.terminal?.write(key);
    const code = await child.exited;
    await waitFor("the answer", () => /(?:Removed|Nothing)/.test(text()), { explain: text });
    return { text: text(), code };
  }

  test("--all asks first, and removes after a yes", async () => {
    await room.start();
    await room.start();

    const { text, code } = await answering(["rm", "--all"], "y\r");

    expect(text).toStartWith("Remove 2 open uploads (0 B)? [y/N] ");
    expect(text).toContain("Removed 2 uploads (0 B).");
    expect(code).toBe(0);
    expect(await room.listed()).toEqual([]);
  });

  test.each([
    ["no", "n\r"],
    ["nothing", "\r"],
    ["the end of input", "\x04"],
  ])("%s removes nothing", async (_, key) => {
    await room.start();

    const { text, code } = await answering(["rm", "--older-than", "0"], key);

    expect(text).toContain("Nothing was removed.");
    expect(code).toBe(1);
    expect(await room.listed()).toHaveLength(1);
  });
});
