// `breadbox bucket ls`, `create`, `rm`, `stat` and `uploads`: questions to a server, and what is said when there is none.
import { describe, expect, test } from "bun:test";
import { pushBlob } from "../http/support/image.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { digestOf, openBucketRoom } from "./bucketRoom.ts";
import { breadbox } from "./command.ts";

/** Stores an object without the command. */
async function store(
  url: string,
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const path = name.split("/").map(encodeURIComponent).join("/");
  const answer = await fetch(`${url}/v1/buckets/box/objects/${path}`, { method: "PUT", body });
  expect(answer.status).toBe(201);
}

async function initiate(url: string, object: string): Promise<string> {
  const answer = await fetch(`${url}/v1/buckets/box/multipart-uploads`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ object }),
  });
  return JSON.parse(await answer.text()).upload_id;
}

describe("breadbox bucket", () => {
  test("creates, lists and removes buckets", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);

    expect((await room.bucket("create", "second")).out).toBe("Created bucket second.\n");
    expect((await room.json("ls")).buckets).toEqual(
      ["box", "second"].map((name) => ({
        name,
        created_at: "2026-01-01T00:00:00.000Z",
        objects: 0,
        size_bytes: 0,
      })),
    );
    const again = await room.bucket("create", "second");
    expect(again.err).toBe("A bucket of this name exists already.\n");
    expect(again.code).toBe(1);
    expect(await room.json("rm", "second", "--yes")).toEqual({ removed: { bucket: "second" } });
    await store(registry.url, "a", "12345");
    const { out } = await room.bucket("ls");
    expect(out).toBe(
      "BUCKET  OBJECTS  SIZE  CREATED\nbox           1   5 B  2026-01-01 00:00:00 UTC\n\n1 bucket, 5 B\n",
    );
  });

  test("rm removes no bucket that holds objects, and none without a terminal or --yes", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    await store(registry.url, "a", "1");

    const unasked = await room.bucket("rm", "box");
    expect(unasked.err).toContain("error: add --yes: there is no terminal to ask on.");
    expect(unasked.code).toBe(2);
    const full = await room.bucket("rm", "box", "--yes");
    expect(full.err).toBe("The bucket holds objects; delete them first.\n");
    expect(full.code).toBe(1);
  });

  test("ls lists one folder of a bucket, or all of it with --recursive", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    for (const name of ["b", "a/1", "a/2", "a/deep/3"]) await store(registry.url, name, name);

    const top = await room.json("ls", "box");
    expect(top.objects.map(({ object }: { object: string }) => object)).toEqual(["b"]);
    expect(top.prefixes).toEqual(["a/"]);
    const { out } = await room.bucket("ls", "box/a/");
    expect(out).toBe(
      [
        "     3 B  2026-01-01 00:00:00 UTC  a/1",
        "     3 B  2026-01-01 00:00:00 UTC  a/2",
        `${" ".repeat(35)}a/deep/`,
        "",
        "2 objects (6 B), 1 folder",
        "",
      ].join("\n"),
    );
    const all = await room.json("ls", "box", "--recursive");
    expect(all.objects.map(({ object }: { object: string }) => object)).toEqual([
      ...["a/1", "a/2", "a/deep/3", "b"],
    ]);
    expect((await room.bucket("ls", "box/a/deep")).out).toEndWith("a/deep/\n\n1 folder\n");
    expect((await room.bucket("ls", "box/none/")).out).toBe("There are no objects.\n");
  });

  test("accepts object names with spaces, umlauts and characters that URLs reserve", async () => {
    await using scope = new Scope();
    const { room } = await openBucketRoom(scope);
    const name = "Grüße & mehr/50% #1?.txt";
    await room.write("file", "hello");

    const stored = await room.json("put", "file", `box/${name}`);
    expect(stored.object).toBe(name);
    expect(await room.json("stat", `box/${name}`)).toEqual({ ...stored, repositories: [] });
    expect((await room.bucket("get", `box/${name}`, "-")).out).toBe("hello");
    expect((await room.bucket("rm", `box/${name}`)).out).toBe(`Removed box/${name}.\n`);
    const gone = await room.bucket("stat", `box/${name}`);
    expect(gone.err).toBe(`There is no object box/${name}.\n`);
    expect(gone.code).toBe(1);
  });

  test("escapes control characters when it prints names", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    await store(registry.url, "a\u009b31m\u202e", "1");

    expect((await room.bucket("ls", "box")).out).toContain("a\\u{9b}31m\\u{202e}\n");
  });

  test.each([
    ["box/../other"],
    ["box/a/./b"],
    ["box//a"],
    ["box/a/"],
    ["../gc"],
    ["/a"],
    ["%2e%2e/a"],
  ])("%s is refused before its URL would change", async (name) => {
    const { err, code } = await breadbox(["bucket", "rm", name, "--server", "http://127.0.0.1:1"]);

    expect(err).toStartWith("error: ");
    expect(code).toBe(2);
  });

  test("stat prints the totals of a bucket and the properties of an object", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    await store(registry.url, "file.bin", "hello");

    const bytes = noise(100);
    const digest = await pushBlob(registry.url, "team/app", bytes);
    await store(registry.url, "layer", bytes);
    expect((await room.bucket("stat", "box/layer")).out).toContain(`\nalso in   team/app\n`);
    expect((await room.json("stat", "box/layer")).digest).toBe(digest);
    expect((await room.bucket("rm", "box/layer", "--yes")).code).toBe(0);
    expect((await room.bucket("stat", "box")).out).toBe(
      "bucket    box\nobjects   1\nsize      5 B (5 bytes)\ncreated   2026-01-01 00:00:00 UTC\n",
    );
    expect((await room.bucket("stat", "box/file.bin")).out).toBe(
      [
        "object    box/file.bin",
        "size      5 B (5 bytes)",
        "type      application/octet-stream",
        `digest    ${digestOf(Buffer.from("hello"))}`,
        "created   2026-01-01 00:00:00 UTC\n",
      ].join("\n"),
    );
  });

  test("uploads are listed and aborted", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const id = await initiate(registry.url, "disk.img");

    const { bucket, uploads } = await room.json("uploads", "ls", "box");
    expect(bucket).toBe("box");
    expect(uploads).toEqual([
      expect.objectContaining({ upload_id: id, object: "disk.img", parts: 0, size_bytes: 0 }),
    ]);
    expect((await room.bucket("uploads", "ls", "box")).out).toContain("1 open upload, 0 B\n");
    expect((await room.bucket("uploads", "abort", "box", id)).out).toBe(`Aborted upload ${id}.\n`);
    expect((await room.bucket("uploads", "ls", "box")).out).toBe("No uploads are open.\n");
    const again = await room.bucket("uploads", "abort", "box", id);
    expect(again.err).toStartWith("No such multipart upload");
    expect(again.code).toBe(1);
  });
});

describe("breadbox bucket when no server answers", () => {
  const nobody = (url: string): string =>
    `No Breadbox answers at ${url}. Start one with \`breadbox serve\`, or name another with --server URL.\n`;

  test("names the server that the configuration gives", async () => {
    const { err, code } = await breadbox(["bucket", "ls"], {
      env: { BREADBOX_HTTP_LISTEN: ":1" },
    });

    expect(err).toBe(nobody("http://localhost:1"));
    expect(code).toBe(1);
  });

  test("prefers --server to BREADBOX_SERVER, and both to the configuration", async () => {
    const env = { BREADBOX_SERVER: "http://127.0.0.1:2", BREADBOX_HTTP_LISTEN: ":3" };

    expect((await breadbox(["bucket", "ls"], { env })).err).toBe(nobody("http://127.0.0.1:2"));
    const { err } = await breadbox(["bucket", "ls", "--server", "127.0.0.1:1/"], { env });
    expect(err).toBe(nobody("http://127.0.0.1:1"));
  });

  test.each([
    [["--server", "ftp://x"], 'error: --server: "ftp://x" is not the URL of a server.'],
    [["--server", "http://x/?a=b"], 'error: --server: "http://x/?a=b" has more than'],
    [["--server", "ftp://ann:geheim@x"], 'error: --server: "ftp://(hidden)@x" is not the URL'],
    [["--server", "ann:geheim@x/?a=b"], 'error: --server: "(hidden)@x/?a=b" has more than'],
  ])("%p is a usage error", async (args, message) => {
    const { err, code } = await breadbox(["bucket", "ls", ...args]);

    expect(err).toStartWith(message);
    expect(code).toBe(2);
  });

  test("says nothing of missing settings when BREADBOX_SERVER is set", async () => {
    const env = { BREADBOX_SERVER: "http://127.0.0.1:1" };

    expect((await breadbox(["config", "check"], { env })).err).toBe("");
  });
});
