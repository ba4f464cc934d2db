// `breadbox bucket put` on a bad day: cut lines, a server that dies, a command that dies, and what the next one makes of it.
import { describe, expect, test } from "bun:test";
import { readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { openCutProxy } from "../support/cutProxy.ts";
import { waitFor } from "../support/processes.ts";
import { Scope, signal } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import {
  type CommandRoom,
  digestOf,
  kibibyte,
  mebibyte,
  openBucketRoom,
  PartGate,
} from "./bucketRoom.ts";
import { ServedBox } from "./servedBox.ts";

const partBytes = 64 * kibibyte;
const small = ["--part-size", "64KiB"] as const;

/** Puts `name` with a command that is killed when some parts are there. @returns how many. */
async function putAndKill(room: CommandRoom, gate: PartGate, name: string): Promise<number> {
  const command = room.start(["put", name, "box", ...small]);
  await gate.reached;
  const stored = gate.recorded;
  signal(command.pid, "SIGKILL");
  expect((await command.ended()).code).toBe(137);
  return stored;
}

describe("breadbox bucket put after it was killed", () => {
  test("resumes the upload and sends only what is missing", async () => {
    await using scope = new Scope();
    const gate = new PartGate(12);
    const { room } = await openBucketRoom(scope, { change: gate.change });
    const bytes = noise(2 * mebibyte - 100);
    await room.write("file", bytes);
    const stored = await putAndKill(room, gate, "file");
    gate.open();

    const { err, out, code } = await room.bucket("put", "file", "box", ...small, "--json");

    expect(code).toBe(0);
    const [, found = ""] = /^resuming: (\d+) of 32 parts are there\n$/.exec(err) ?? [];
    expect(Number(found)).toBeGreaterThanOrEqual(stored);
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
    // What waited when the command died may or may not have arrived: four at most.
    expect(gate.recorded).toBeLessThanOrEqual(32 + 4);
  });

  test("keeps the part size of the upload when none is given", async () => {
    await using scope = new Scope();
    const gate = new PartGate(260);
    const { room } = await openBucketRoom(scope, { change: gate.change });
    const bytes = noise(17 * mebibyte);
    await room.write("file", bytes);
    await putAndKill(room, gate, "file");
    gate.open();

    const { err, out } = await room.bucket("put", "file", "box", "--json");

    expect(err).toMatch(/^resuming: 26\d of 272 parts are there\n$/);
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
  });

  test("sends parts again whose bytes differ from the file", async () => {
    await using scope = new Scope();
    const gate = new PartGate(12);
    const { room } = await openBucketRoom(scope, { change: gate.change });
    const bytes = noise(mebibyte);
    await room.write("file", bytes);
    await putAndKill(room, gate, "file");
    gate.open();
    bytes[3 * partBytes + 17] = (bytes[3 * partBytes + 17] ?? 0) ^ 1;
    await room.write("file", bytes);

    const { err, out } = await room.bucket("put", "file", "box", ...small, "--json");

    expect(err).toContain("1 part of the upload is not of this file: sending again\n");
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
  });

  test("sends parts again that were damaged on the server", async () => {
    await using scope = new Scope();
    const gate = new PartGate(12);
    const { room, registry } = await openBucketRoom(scope, { change: gate.change });
    const bytes = noise(mebibyte);
    await room.write("file", bytes);
    await putAndKill(room, gate, "file");
    const uploads = join(registry.store.directory, "tmp", "multipart");
    const folder = join(uploads, (await readdir(uploads))[0] ?? "");
    for (const part of ["part-00002", "part-00005"]) await truncate(join(folder, part), 5);
    // What was put together already is of no use any more either.
    await rm(join(folder, "whole"), { force: true });
    gate.open();

    const { err, out } = await room.bucket("put", "file", "box", ...small, "--json");

    expect(err.split("damaged at the server: sending them again\n")).toHaveLength(2);
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
  });

  test("starts a new upload for a shorter file, another part size, or another type", async () => {
    await using scope = new Scope();
    const gate = new PartGate(12);
    const { room } = await openBucketRoom(scope, { change: gate.change });
    await room.write("file", noise(mebibyte));
    await putAndKill(room, gate, "file");
    gate.open();

    const sized = await room.bucket("put", "file", "box", "--part-size", "128KiB");
    const typed = await room.bucket("put", "file", "box", ...small, "--content-type", "a/b");
    await room.write("file", noise(mebibyte / 2));
    const other = await room.bucket("put", "file", "box", ...small);

    expect([sized.err, typed.err, other.err]).toEqual(["", "", ""]);
    expect([sized.code, typed.code, other.code]).toEqual([0, 0, 0]);
  });
});

describe("breadbox bucket put on a connection that breaks", () => {
  test("sends only the interrupted parts again", async () => {
    await using scope = new Scope();
    const { room, registry } = await openBucketRoom(scope);
    const { port } = new URL(registry.url);
    const cuts = { port: Number(port), seed: "put", everyBytes: 700 * kibibyte, mostCuts: 4 };
    const proxy = await openCutProxy(scope, cuts);
    room.url = `http://${proxy.host}`;
    const bytes = noise(4 * mebibyte);
    await room.write("file", bytes);

    const { out, err, code } = await room.bucket("put", "file", "box", ...small, "--json");

    expect(code).toBe(0);
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
    expect(proxy.cuts()).toBe(4);
    expect(err).toContain(`The connection to ${room.url} broke:`);
    expect(err).toContain("Trying again for up to 10m.");
  });

  test("gives up after --retry-for and keeps the upload for the next run", async () => {
    await using scope = new Scope();
    const gate = new PartGate(5);
    const { room, registry } = await openBucketRoom(scope, { change: gate.change });
    const { port } = new URL(registry.url);
    const proxy = new Scope();
    const options = { port: Number(port), seed: "", everyBytes: Number.POSITIVE_INFINITY };
    room.url = `http://${(await openCutProxy(proxy, options)).host}`;
    const line = room.url;
    await room.write("file", noise(mebibyte));

    const command = room.start(["put", "file", "box", ...small, "--retry-for", "1s"]);
    await gate.reached;
    await proxy.close();
    const { err, code } = await command.ended();
    gate.open();

    expect(code).toBe(1);
    const told = `The connection to ${line} broke: connection reset. Trying again for up to 1s.\n`;
    expect(err.split(told)).toHaveLength(2);
    // Those that were on the line may be stored as well: nobody knows here.
    expect(err).toMatch(
      /The server does not answer any more\.\nThe upload stays open with [1-5] parts?\./,
    );
    expect(err).toMatch(/To abort it: breadbox bucket uploads abort box [0-9a-f-]{36}\n$/);
    room.url = registry.url;
    expect((await room.bucket("put", "file", "box", ...small)).err).toStartWith("resuming: ");
  });
});

describe("breadbox bucket put while its server is killed", () => {
  test("waits for the server and sends what is missing", async () => {
    await using scope = new Scope();
    const box = new ServedBox(scope);
    await box.start();
    const bytes = noise(16 * mebibyte);
    await box.room.write("file", bytes);

    const command = box.room.start(["put", "file", "box", ...small, "--json"]);
    await waitFor("some parts", async () => (await box.parts()) > 20);
    await box.kill9();
    await box.start();
    const { out, err, code } = await command.ended();

    expect(code).toBe(0);
    expect(JSON.parse(out).digest).toBe(digestOf(bytes));
    expect(err).toContain("Trying again for up to 10m.");
  }, 60_000);
});
