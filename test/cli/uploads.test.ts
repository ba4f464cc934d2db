// `breadbox uploads` as a process of its own, beside a server that runs on the same data directory.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  answers200,
  freePort,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const main = join(import.meta.dir, "../../src/main.ts");
const scope = new Scope();
const unknown = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
let folder = "";
let data = "";
let url = "";
let server: RunningProcess;

beforeAll(async () => {
  folder = tempFolder(scope, "uploads");
  data = join(folder, "data");
  server = await startServer();
});
afterAll(() => scope.close());
beforeEach(async () => {
  await uploads(["rm", "--all", "--yes"]);
});

async function startServer(): Promise<RunningProcess> {
  const port = freePort();
  url = `http://127.0.0.1:${port}`;
  const args = ["serve", "--data", data, "--listen", `127.0.0.1:${port}`];
  const started = startProcess(scope, [process.execPath, main, ...args], {
    cwd: folder,
    log: join(folder, "log"),
  });
  await waitFor("the server", () => answers200(`${url}/readyz`), { explain: started.logs });
  return started;
}

/** Runs `breadbox uploads …` on the server's data directory, or another. */
async function uploads(args: readonly string[], directory = data) {
  const child = Bun.spawn([process.execPath, main, "uploads", ...args, "--data", directory], {
    cwd: folder,
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { out, err, code };
}

/** Starts a session. */
async function start(repository = "team/app") {
  const answer = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const location = `${url}${answer.headers.get("location")}`;
  return { location, id: answer.headers.get("docker-upload-uuid") ?? "" };
}

const append = (location: string, text: string) => fetch(location, { method: "PATCH", body: text });

async function listed(): Promise<{ id: string; state: string }[]> {
  return JSON.parse((await uploads(["ls", "--json"])).out).uploads;
}

/** A PATCH that has sent half of its body; `finish` sends the rest. */
async function openWriter(location: string) {
  const rest = Promise.withResolvers<void>();
  const body = async function* () {
    yield "first half";
    await rest.promise;
    yield "second half";
  };
  const answer = fetch(location, { method: "PATCH", body: body() });
  await waitFor("the writer", async () =>
    (await listed()).some(({ state }) => state === "writing"),
  );
  return {
    finish: async () => {
      rest.resolve();
      return (await answer).status;
    },
  };
}

describe("breadbox uploads ls", () => {
  test("says so when nothing is open", async () => {
    expect(await uploads(["ls"])).toEqual({ out: "No uploads are open.\n", err: "", code: 0 });
  });

  test("lists the oldest first, with a line of totals", async () => {
    const [first, second] = [await start(), await start("a")];
    await append(first.location, "x".repeat(1500));

    const { out, code } = await uploads(["ls"]);

    const [head = "", ...rows] = out.split("\n");
    expect(head).toMatch(/^ID +REPOSITORY +AGE +IDLE +BYTES +STATE$/);
    expect(rows[0]).toMatch(new RegExp(`^${first.id}  team/app +\\d+s +\\d+s +1\\.5 KB  open$`));
    expect(rows[1]).toMatch(new RegExp(`^${second.id}  a +\\d+s +\\d+s +0 B  open$`));
    expect(rows.slice(2)).toEqual(["", "2 open uploads, 1.5 KB", ""]);
    expect(code).toBe(0);
  });

  test("--json is one object with exact numbers", async () => {
    const { id, location } = await start();
    await append(location, "x".repeat(1500));

    const { out } = await uploads(["ls", "--json"]);

    expect(JSON.parse(out)).toEqual({
      uploads: [
        {
          id,
          repository: "team/app",
          startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          ageSeconds: expect.any(Number),
          idleSeconds: expect.any(Number),
          bytes: 1500,
          state: "open",
        },
      ],
      total: { uploads: 1, bytes: 1500, writing: 0 },
    });
  });

  test("tells which upload a client sends to", async () => {
    const { location } = await start();
    const writer = await openWriter(location);

    const { out } = await uploads(["ls"]);

    expect(out).toContain("  writing\n");
    expect(out).toEndWith("\n1 open upload, 0 B, 1 being written\n");
    expect(await writer.finish()).toBe(202);
  });
});

describe("breadbox uploads rm ID", () => {
  test("is visible to the server at once", async () => {
    const [kept, removed] = [await start(), await start()];
    await append(removed.location, "x".repeat(1500));

    const { out, code } = await uploads(["rm", removed.id]);

    expect(out).toBe(`Removed upload ${removed.id} of team/app (1.5 KB).\n`);
    expect(code).toBe(0);
    expect((await append(removed.location, "more")).status).toBe(404);
    expect((await append(kept.location, "more")).status).toBe(202);
    expect(await readdir(join(data, "uploads"))).toEqual([kept.id]);
  });

  test("--json says what was removed", async () => {
    const { id } = await start();

    expect(JSON.parse((await uploads(["rm", id, "--json"])).out)).toEqual({
      removed: [{ id, repository: "team/app", bytes: 0 }],
      bytes: 0,
      spared: 0,
    });
  });

  test("ends an upload that a client sends to: the client is answered with 404", async () => {
    const { location, id } = await start();
    const writer = await openWriter(location);

    expect((await uploads(["rm", id])).code).toBe(0);

    expect(await writer.finish()).toBe(404);
    expect(await readdir(join(data, "uploads"))).toEqual([]);
  });

  test.each([unknown, "nonsense"])("%s is not there: exit code 1 and a sentence", async (id) => {
    expect(await uploads(["rm", id])).toEqual({
      out: "",
      err: `No open upload has the id "${id}". "breadbox uploads ls" lists them.\n`,
      code: 1,
    });
  });
});

describe("breadbox uploads rm --all and --older-than", () => {
  test("--all leaves uploads alone that clients send to, and says how many", async () => {
    await start();
    await start();
    const { location, id } = await start();
    const writer = await openWriter(location);

    const { out, code } = await uploads(["rm", "--all", "--yes"]);

    expect(out).toBe("Removed 2 uploads (0 B). 1 upload is being written and was left alone.\n");
    expect(code).toBe(0);
    expect(await readdir(join(data, "uploads"))).toEqual([id]);
    expect(await writer.finish()).toBe(202);
  });

  test("--older-than takes only what received nothing for so long", async () => {
    const { id } = await start();

    const young = await uploads(["rm", "--older-than", "1h", "--yes"]);
    const old = await uploads(["rm", "--older-than", "1ms", "--yes", "--json"]);

    expect(young).toEqual({ out: "There was nothing to remove.\n", err: "", code: 0 });
    expect(JSON.parse(old.out)).toMatchObject({ removed: [{ id }], spared: 0 });
  });

  const mistakes: [string[], string][] = [
    [["rm"], "name an upload, --all or --older-than TIME."],
    [["rm", "--yes"], "name an upload, --all or --older-than TIME."],
    [["rm", "--all"], "add --yes: there is no terminal to ask on. Nothing was removed."],
    [["rm", "--older-than", "0"], "add --yes: there is no terminal to ask on."],
    [["rm", "--older-than", "soon", "--yes"], '--older-than: "soon" is not a duration.'],
    [["rm", unknown, "--all", "--yes"], "an id stands alone"],
    [["rm", unknown, unknown], "too many arguments"],
  ];
  test.each(mistakes)("%p is bad usage, and nothing is removed", async (args, reason) => {
    await start();

    const { out, err, code } = await uploads(args);

    expect(err).toContain(reason);
    expect(err).toContain("--help");
    expect([out, code]).toEqual(["", 2]);
    expect(await listed()).toHaveLength(1);
  });
});

describe("on a terminal", () => {
  /** Answers the question that `rm` asks. @returns what was on the screen, and the exit code. */
  async function answering(args: readonly string[], key: string) {
    const screen: string[] = [];
    const text = () => screen.join("");
    const child = Bun.spawn([process.execPath, main, "uploads", ...args, "--data", data], {
      cwd: folder,
      env: {},
      terminal: { data: (_, bytes) => void screen.push(new TextDecoder().decode(bytes)) },
    });
    await waitFor("the question", () => text().includes("[y/N]"), { explain: text });
    child.terminal?.write(key);
    const code = await child.exited;
    await waitFor("the answer", () => /(?:Removed|Nothing)/.test(text()), { explain: text });
    return { text: text(), code };
  }

  test("--all asks first, and does it after a yes", async () => {
    await start();
    await start();

    const { text, code } = await answering(["rm", "--all"], "y\r");

    expect(text).toStartWith("Remove 2 open uploads (0 B)? [y/N] ");
    expect(text).toContain("Removed 2 uploads (0 B).");
    expect(code).toBe(0);
    expect(await listed()).toEqual([]);
  });

  test.each([
    ["no", "n\r"],
    ["nothing", "\r"],
    ["the end of input", "\x04"],
  ])("%s removes nothing", async (_, key) => {
    await start();

    const { text, code } = await answering(["rm", "--older-than", "0"], key);

    expect(text).toContain("Nothing was removed.");
    expect(code).toBe(1);
    expect(await listed()).toHaveLength(1);
  });
});

describe("a data directory", () => {
  test("that does not exist is named, and not created", async () => {
    const missing = join(folder, "missing");

    const { out, err, code } = await uploads(["ls"], missing);

    expect(err).toBe(
      `${missing} is no data directory of Breadbox, or was never served: name the right one with --data DIR\n`,
    );
    expect([out, code]).toEqual(["", 1]);
    expect(existsSync(missing)).toBe(false);
  });

  test("that is empty stays empty", async () => {
    const empty = join(folder, "empty");
    await mkdir(empty);

    expect((await uploads(["rm", "--all", "--yes"], empty)).code).toBe(1);
    expect(await readdir(empty)).toEqual([]);
  });

  test("that is a file is no data directory", async () => {
    const file = join(folder, "log");

    const { err, code } = await uploads(["ls"], file);

    expect(err).toStartWith(`${file} is no data directory of Breadbox`);
    expect(code).toBe(1);
  });

  test("needs no server", async () => {
    const [first, second] = [await start(), await start()];
    await server.stop();

    const before = await listed();
    const { code } = await uploads(["rm", first.id]);
    const after = await listed();
    server = await startServer();

    expect(before.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(code).toBe(0);
    expect(after.map(({ id }) => id)).toEqual([second.id]);
    const status = await fetch(`${url}/v2/team/app/blobs/uploads/${second.id}`);
    expect(status.status).toBe(204);
  });
});
