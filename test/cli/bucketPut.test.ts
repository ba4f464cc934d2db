// `breadbox bucket put`: which requests a file becomes, what the server is told to compare, and what happens when the file changes.
import { describe, expect, test } from "bun:test";
import { appendFile } from "node:fs/promises";
import { Client } from "../../src/client/client.ts";
import { memoryPiece } from "../../src/client/pieces.ts";
import { complete, initiate, type PutDeps, sendPart } from "../../src/client/putParts.ts";
import type { TestRegistry } from "../http/support/registry.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { digestOf, kibibyte, mebibyte, openBucketRoom, PartGate } from "./bucketRoom.ts";

/** Operations that changed something, in the order of their answers. */
const writes = ({ lines }: TestRegistry): unknown[] =>
  lines.map(({ operation }) => operation).filter((id) => /^(?:put|init|complete)/.test(String(id)));

async function openUploads(url: string): Promise<{ parts: number }[]> {
  const answer = await fetch(`${url}/v1/buckets/box/multipart-uploads`);
  return JSON.parse(await answer.text()).uploads;
}

describe("breadbox bucket put", () => {
  test("sends a small file in one request, whose digest the server compares", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, { logLevel: "debug" });
    await room.write("notes.txt", "hello");

    const stored = await room.json("put", "notes.txt", "box/texts/");

    expect(stored).toMatchObject({ object: "texts/notes.txt", content_type: "text/plain" });
    expect(stored.digest).toBe(digestOf(Buffer.from("hello")));
    expect(writes(registry)).toEqual(["putObject"]);
  });

  test("sends a large file in parts, several at a time, and it is stored unchanged", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, { logLevel: "debug" });
    const bytes = noise(18 * mebibyte + 5);
    await room.write("disk.img", bytes);

    const { out, code } = await room.bucket("put", "disk.img", "box", "--content-type", "a/b");

    expect(code).toBe(0);
    expect(out).toBe(`Stored box/disk.img (19 MB)\n${digestOf(bytes)}\n`);
    expect(writes(registry)).toEqual([
      ...["initiateMultipartUpload", "putPart", "putPart", "completeMultipartUpload"],
    ]);
    const answer = await fetch(`${registry.url}/v1/buckets/box/objects/disk.img`);
    expect(answer.headers.get("content-type")).toBe("a/b");
    expect(digestOf(await answer.bytes())).toBe(digestOf(bytes));
  });

  test("uses the part size that was asked for, and at most the server's number of parts", async () => {
    await using scope = new Scope();
    const { room } = await openBucketRoom(scope, {
      change: (rooms) => {
        const limits = { ...rooms.objects.limits, maxParts: 5, maxPartBytes: mebibyte };
        return { ...rooms, objects: { ...rooms.objects, limits } };
      },
    });
    await room.write("file", noise(300 * kibibyte));
    await room.write("large", noise(17 * mebibyte));

    expect((await room.bucket("put", "file", "box", "--part-size", "64KiB")).code).toBe(0);
    const many = await room.bucket("put", "file", "box", "--part-size", "32KiB");
    expect(many.err).toContain("would be more than the 5 that the server takes");
    const wide = await room.bucket("put", "large", "box", "--part-size", "2MiB");
    expect(wide.err).toContain("the server takes parts of 1048576 at most");
    const large = await room.bucket("put", "large", "box");
    expect(large.err).toContain("raise storage.multipart.maxPartBytes there");
    expect([many.code, wide.code, large.code]).toEqual([1, 1, 1]);
    expect((await room.json("uploads", "ls", "box")).uploads).toEqual([]);
  });

  test("sends a small file in parts when it exceeds the server's limit for one request", async () => {
    await using scope = new Scope();
    const options = { maxBodyBytes: mebibyte, logLevel: "debug" } as const;
    const { room, registry } = await openBucketRoom(scope, options);
    const bytes = noise(2 * mebibyte + 5);
    const path = await room.write("disk.img", bytes);

    const file = await room.json("put", "disk.img", "box");
    const input = await room.start(["put", "-", "box/input"], await Bun.file(path).bytes()).ended();

    expect(file.digest).toBe(digestOf(bytes));
    expect(input).toMatchObject({ code: 0, out: expect.stringContaining(digestOf(bytes)) });
    const parts = ["putObject", "initiateMultipartUpload", "putPart", "putPart", "putPart"];
    const all = [...parts, "completeMultipartUpload"];
    expect(writes(registry)).toEqual([...all, ...all]);
  });

  test("stores an empty file as an empty object", async () => {
    await using scope = new Scope();
    const { room } = await openBucketRoom(scope);
    await room.write("empty", "");

    const stored = await room.json("put", "empty", "box");
    expect(stored.size_bytes).toBe(0);
    expect((await room.bucket("get", "box/empty", "back")).code).toBe(0);
    expect((await room.read("back")).byteLength).toBe(0);
  });

  test("sends a large file in one request when the server's multipart uploads are switched off", async () => {
    await using scope = new Scope();
    const options = { logLevel: "debug", switches: { multipart: false } } as const;
    const { room, registry } = await openBucketRoom(scope, options);
    const bytes = noise(17 * mebibyte);
    await room.write("file", bytes);

    expect((await room.json("put", "file", "box")).digest).toBe(digestOf(bytes));
    expect(writes(registry)).toContain("putObject");
  });

  test("stores nothing and keeps the upload open when the file changes while it is read", async () => {
    await using scope = new Scope();
    const gate = new PartGate(3);
    const { room, registry } = await openBucketRoom(scope, { change: gate.change });
    const path = await room.write("log", noise(512 * kibibyte));

    const command = room.start(["put", "log", "box", "--part-size", "64KiB"]);
    await gate.reached;
    await appendFile(path, "one more line");
    gate.open();
    const { err, code } = await command.ended();

    expect(err).toStartWith("log changed while it was being sent: nothing was stored");
    expect(err).toContain("The upload stays open with 8 parts.");
    expect(code).toBe(1);
    expect(await openUploads(registry.url)).toMatchObject([{ parts: 8 }]);
    expect((await fetch(`${registry.url}/v1/buckets/box/objects/log`)).status).toBe(404);
  });

  test("does not call an upload open that another client has aborted", async () => {
    await using scope = new Scope();
    const gate = new PartGate(3);
    const { room, registry } = await openBucketRoom(scope, { change: gate.change });
    await room.write("file", noise(512 * kibibyte));

    const command = room.start(["put", "file", "box", "--part-size", "64KiB"]);
    await gate.reached;
    const [{ upload_id }] = (await room.json("uploads", "ls", "box")).uploads;
    const aborted = room.bucket("uploads", "abort", "box", upload_id);
    await waitFor("its end", async () => (await openUploads(registry.url)).length === 0);
    gate.open();
    const { err, code } = await command.ended();

    expect((await aborted).code).toBe(0);
    expect(err).toStartWith("No such multipart upload");
    expect(err).toEndWith(".\nTo begin anew, run the same command again.\n");
    expect(code).toBe(1);
  });

  test.each([
    [["nothing", "box"], "There is no file nothing.\n", 1],
    [[".", "box/folder"], ". is a folder. Send one file: tar -c .", 1],
    [["file", "none"], "There is no bucket none. Create it: breadbox bucket create none\n", 1],
    [["-", "box"], "error: standard input has no name; write BUCKET/OBJECT.", 2],
    [["file", "box", "--parallel", "0"], 'error: --parallel: "0" is not a whole number', 2],
    [["file", "box", "--part-size", "1"], 'error: --part-size: "1" is less than', 2],
    [["file", "box", "--retry-for", "soon"], 'error: --retry-for: "soon" is not a duration', 2],
  ])("%p is refused", async (args, message, status) => {
    await using scope = new Scope();
    const { room } = await openBucketRoom(scope);
    await room.write("file", "hello");

    const { err, code } = await room.bucket("put", ...args);

    expect(err).toStartWith(message);
    expect(code).toBe(status);
  });
});

describe("breadbox bucket put, at completion,", () => {
  test("is refused by the server when the stored bytes differ from those that were read", async () => {
    await using scope = new Scope();
    const { registry } = await openBucketRoom(scope);
    const { signal: stop } = new AbortController();
    const { url } = registry;
    const deps: PutDeps = {
      client: new Client({ url, authorization: null }),
      patience: { stop, forMs: 0, url, say: () => {}, outage: { isTold: false } },
      target: { bucket: "box", object: "file" },
      contentType: "text/plain",
      onBytes: () => {},
    };
    const { upload } = await initiate(deps);
    await sendPart(deps, upload, { number: 1, piece: memoryPiece(Buffer.from("hello")) });

    const refused = await complete(deps, upload, digestOf(Buffer.from("other"))).catch((it) => it);

    expect(refused).toMatchObject({ name: "RefusedError", status: 400, code: "DIGEST_INVALID" });
    expect((await fetch(`${url}/v1/buckets/box/objects/file`)).status).toBe(404);
    expect(await openUploads(url)).toMatchObject([{ parts: 1 }]);
    const stored = await complete(deps, upload, digestOf(Buffer.from("hello")));
    expect(stored.size_bytes).toBe(5);
  });
});

describe("breadbox bucket put from standard input", () => {
  test("sends short input in one request and long input in parts", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, { logLevel: "debug" });
    const long = noise(20 * mebibyte + 7);

    const first = await room.start(["put", "-", "box/short"], Buffer.from("hello")).ended();
    expect(first.code).toBe(0);
    expect(writes(registry)).toEqual(["putObject"]);
    const second = await room.start(["put", "-", "box/long", "--json"], long).ended();
    expect(second.err).toBe("");
    expect(JSON.parse(second.out).digest).toBe(digestOf(long));
    expect(writes(registry).filter((id) => id === "putPart")).toHaveLength(3);
  });

  test("respects a server's smaller limit for parts", async () => {
    await using scope = new Scope();
    const { room } = await openBucketRoom(scope, {
      change: (rooms) => {
        const limits = { ...rooms.objects.limits, maxPartBytes: 3 * mebibyte };
        return { ...rooms, objects: { ...rooms.objects, limits } };
      },
    });
    const bytes = noise(10 * mebibyte);

    const { out } = await room.start(["put", "-", "box/file", "--json"], bytes).ended();
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
  });

  test("leaves no upload behind when it fails", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope, {
      change: (rooms) => {
        const limits = { ...rooms.objects.limits, maxParts: 2 };
        return { ...rooms, objects: { ...rooms.objects, limits } };
      },
    });

    const args = ["put", "-", "box/file", "--part-size", "64KiB"];
    const { err, code } = await room.start(args, noise(mebibyte)).ended();

    expect(err).toStartWith("Standard input is longer than 2 parts");
    expect(code).toBe(1);
    expect(await openUploads(registry.url)).toEqual([]);
  });
});
