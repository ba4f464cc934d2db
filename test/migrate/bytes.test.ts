// Bytes of a box to a strict S3 server and to another directory, while its rows stay or move with them.
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { StoreConfig } from "../../src/config/store.ts";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import type { MigrateReport, MigrateRequest } from "../../src/migrate/report.ts";
import { runMigrate } from "../../src/migrating.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseBucketName } from "../../src/model/objectNames.ts";
import { openPorts } from "../../src/ports.ts";
import { readContent } from "../support/contents.ts";
import { FakeS3, type Fault } from "../support/fakeS3.ts";
import { objectsIn } from "../support/objectStore.ts";
import { memoryFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { noise, openStore } from "../support/store.ts";

const scope = new Scope();
afterAll(() => scope.close());

const objects = new Map(
  [12, 70_000, 2_000_000, 9_000_000].map((size) => [`backups/${size}.bin`, noise(size)]),
);

/** A box with some objects, at rest. */
async function filledBox(): Promise<StoreConfig> {
  const store = await openStore();
  scope.defer(() => store.remove());
  const { createBucket, put, initiate, putPart } = objectsIn(store);
  await createBucket("backups");
  for (const [path, bytes] of objects) await put(path, bytes);
  const { bucket, id } = await initiate("backups/open.bin");
  await putPart({ bucket, id }, 1, noise(10));
  await store.rooms.close();
  return { data: store.directory, database: null, bucket: null };
}

function startS3(fault: (name: string) => Fault | null = () => null): FakeS3 {
  const server = new FakeS3({ fault: ({ name }) => fault(name) });
  scope.defer(() => server.stop());
  return server;
}

const inBucket = (from: StoreConfig, { bucket }: FakeS3): StoreConfig => ({
  ...from,
  bucket: {
    ...{ bucket: bucket.bucket, endpoint: bucket.endpoint ?? null, region: "us-east-1" },
    ...{ prefix: "box/", pathStyle: true, checksums: true, equalParts: false, links: null },
    credentials: { accessKeyId: "breadbox", secretAccessKey: "bread-and-butter" },
  },
});

const elsewhere = (): StoreConfig => ({
  ...{ data: join(memoryFolder(scope, "new"), "data"), database: null, bucket: null },
});

const move = (
  from: StoreConfig,
  to: StoreConfig,
  request: Partial<MigrateRequest> = {},
): Promise<MigrateReport> =>
  runMigrate({
    ...{ from, to, onProgress: () => {} },
    request: { dryRun: false, takesOver: false, acceptsDamage: false, ...request },
  });

/** Names of the objects whose bytes are read back as they were. */
async function readable(store: StoreConfig): Promise<readonly string[]> {
  const ports = await openPorts(store, { latch: new WriteLatch(() => {}), role: "tool" });
  const found: string[] = [];
  for (const [name, bytes] of objects) {
    const digest = digestOf(bytes);
    const row = await ports.metadata.contents.findContent(digest);
    const read = row && (await readContent(ports.storage, row.locator).catch(() => null));
    if (read && digestOf(read) === digest) found.push(name);
  }
  await ports.close();
  return found;
}

const all = [...objects.keys()];

/** The file of an object's content. */
function fileOf({ data }: StoreConfig, name: string): string {
  const hex = digestOf(objects.get(name) ?? new Uint8Array()).slice("sha256:".length);
  const folder = join(data, "blobs", "sha256", hex.slice(0, 2));
  return join(folder, readdirSync(folder).find((file) => file.startsWith(hex)) ?? "");
}

describe("bytes of a box", () => {
  test("move to a bucket, and into another directory from there", async () => {
    const box = await filledBox();
    const bucket = inBucket(box, startS3());

    const copied = await move(box, bucket);
    expect(await readable(box)).toEqual(all);
    const switched = await move(box, bucket, { takesOver: true });

    expect(copied.bytes).toEqual({ contents: 4, bytes: 11_070_012, openUploads: 1, lost: [] });
    expect([copied.end, switched.end]).toEqual(["copied", "switched"]);
    expect(switched.bytes?.contents).toBe(0);
    expect(await readable(bucket)).toEqual(all);
    await expect(readable(box)).rejects.toThrow("set storage.s3.bucket");
    const home = elsewhere();
    expect((await move(bucket, home, { takesOver: true })).end).toBe("switched");
    expect(await readable(home)).toEqual(all);
    await expect(readable(bucket)).rejects.toThrow(`has moved ${box.data} to ${home.data}`);
    expect((await move(bucket, home, { takesOver: true })).end).toBe("done");
  });

  test("are counted by a dry run, which writes nothing", async () => {
    const box = await filledBox();
    const server = startS3();

    const looked = await move(box, inBucket(box, server), { dryRun: true });

    expect(looked.bytes).toEqual({ contents: 4, bytes: 11_070_012, openUploads: 1, lost: [] });
    expect(server.calls).toEqual([]);
    expect(readdirSync(box.data)).not.toContain("migration.db");
  });

  test("leave open uploads behind", async () => {
    const box = await filledBox();
    const home = elsewhere();

    const { bytes, tables } = await move(box, home, { takesOver: true });

    expect(bytes?.openUploads).toBe(1);
    const staged = tables.filter(({ name }) => /^(?:multipart|upload)_/.test(name));
    expect(staged.map(({ rows }) => rows)).toEqual([0, 0, 0, 0]);
    expect(await readable(home)).toEqual(all);
  });

  test("that were removed from the bucket between two runs are copied again", async () => {
    const box = await filledBox();
    const server = startS3();
    const bucket = inBucket(box, server);
    await move(box, bucket);
    const [removed = ""] = [...server.objects.keys()].filter((key) => key.includes("/data/"));
    server.objects.delete(removed);

    const again = await move(box, bucket, { takesOver: true });

    expect(again.bytes?.contents).toBe(1);
    expect(await readable(bucket)).toEqual(all);
  });

  test("are copied to their end by a second run when S3 refuses in the middle of the first", async () => {
    const box = await filledBox();
    let calls = 0;
    const server = startS3((name) => {
      calls += name === "PutObject" ? 1 : 0;
      return calls === 3 ? { when: "before", status: 403 } : null;
    });
    const bucket = inBucket(box, server);

    await expect(move(box, bucket, { takesOver: true })).rejects.toThrow();
    expect(await readable(box)).toEqual(all);
    calls = 4;
    await move(box, bucket, { takesOver: true });

    expect(await readable(bucket)).toEqual(all);
  });

  test.each([
    ["missing", unlinkSync, "its bytes are missing"],
    ["shorter", (file: string) => truncateSync(file, 5), "it has 5 bytes instead of 70000"],
    ["longer", (file: string) => truncateSync(file, 80_000), "it has 80000 bytes instead of"],
  ] as const)("that are %s are named, and stop nothing else", async (_, damage, reason) => {
    const box = await filledBox();
    const bucket = inBucket(box, startS3());
    damage(fileOf(box, "backups/70000.bin"));

    const told = await move(box, bucket, { takesOver: true });
    const accepted = await move(box, bucket, { takesOver: true, acceptsDamage: true });

    expect(told.end).toBe("copied");
    expect(told.bytes?.contents).toBe(3);
    expect(told.bytes?.lost).toEqual([
      {
        digest: digestOf(objects.get("backups/70000.bin") ?? new Uint8Array()),
        reason: expect.stringContaining(reason),
        usedBy: ["backups/70000.bin"],
      },
    ]);
    expect(accepted.end).toBe("switched");
    expect(await readable(bucket)).toEqual(all.filter((name) => name !== "backups/70000.bin"));
  });

  test("are served from the new directory only once it has taken over", async () => {
    const box = await filledBox();
    const home = elsewhere();
    const format = join(home.data, "format");

    await move(box, home);

    await expect(readable(home)).rejects.toThrow("is being filled");
    const server = { latch: new WriteLatch(() => {}), role: "server" } as const;
    await expect(openPorts(home, server)).rejects.toThrow("is being filled");
    expect(existsSync(format)).toBe(false);
  });

  test("take over when a run died after its last row, and not once the copy was in use", async () => {
    const box = await filledBox();
    const home = elsewhere();
    const format = join(box.data, "format");
    const before = await Bun.file(format).text();
    await move(box, home);
    // The notes are removed at the end: this run kept them.
    cpSync(join(box.data, "migration.db"), join(box.data, "kept"));
    await move(box, home, { takesOver: true });
    const asBefore = async (): Promise<void> => {
      await Bun.write(format, before);
      cpSync(join(box.data, "kept"), join(box.data, "migration.db"));
    };
    await asBefore();

    const again = await move(box, home, { takesOver: true });
    expect([again.end, again.bytes?.contents]).toEqual(["switched", 0]);
    expect(await readable(home)).toEqual(all);

    await asBefore();
    const ports = await openPorts(home, { latch: new WriteLatch(() => {}), role: "tool" });
    await ports.metadata.objects.createBucket(parseBucketName("later"), 1);
    await ports.close();
    await expect(move(box, home, { takesOver: true })).rejects.toThrow(
      "the new database was in use: its table buckets",
    );
  });

  test("cannot move to where they are", async () => {
    const box = await filledBox();

    await expect(move(box, { ...box })).rejects.toThrow("is there already");
  });
});
