// What a worker says of bytes that were forgotten meanwhile comes late, and counts for nothing.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { Hashing } from "../../src/storage/filesystem/hashing/hashing.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inlineBytes } from "../support/serving.ts";

/** The first reading's report comes when it is forgotten; every digest is that of the second reading, whatever the bytes. */
const lateWorker = (late: string) => `
  let first = null;
  self.onmessage = ({ data }) => {
    if (data.kind === "grown") first ??= data;
    if (data.kind === "forget") self.postMessage({ id: first.id, reading: first.reading, ...${late} });
    if (data.kind === "digest" && data.reading !== first.reading) {
      self.postMessage({ ...data, hex: "22".repeat(32) });
    }
  };`;

let scope: Scope;
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => scope.close());

test.each([
  ["that they are gone", `{ kind: "failed", situation: "UPLOAD_UNKNOWN", message: "" }`],
  ["that they cannot be read", `{ kind: "failed", situation: "UNKNOWN", message: "" }`],
  ["that they are damaged", `{ kind: "damaged", offset: 5 }`],
  ["their digest", `{ kind: "digest", size: 500000, algorithm: "sha256", hex: "11".repeat(32) }`],
])("%s", async (_, late) => {
  const directory = tempFolder(scope, "hashing");
  const latch = new WriteLatch(() => {});
  const newId = Bun.randomUUIDv7;
  const storage = await openFilesystem({ directory, latch, clock: Date.now, newId });
  const script = new Blob([lateWorker(late)], { type: "text/javascript" });
  const damaged: UploadId[] = [];
  const hashing = new Hashing({
    spawn: () => new Worker(URL.createObjectURL(script)),
    workers: 1,
    inlineBytes,
    directory,
    onWorkerLost: () => {},
    onNotice: () => {},
    onDamaged: (id) => damaged.push(id),
  });
  scope.defer(() => hashing.close());
  const id = makeUploadId(Bun.randomUUIDv7());
  const staging = await storage.staging.begin(id, 0);
  const staged = { offset: 500_000, boundaries: [] };
  hashing.takeUp(id, staging, staged);

  hashing.forget(id);
  hashing.takeUp(id, staging, staged);
  const digest = hashing.digest(id, staging, { size: staged.offset, algorithm: "sha256" });

  // `rejects` would wait without letting the worker's message in.
  const outcome: unknown = await digest.catch((error: unknown) => error);
  expect(outcome).toBe(`sha256:${"22".repeat(32)}`);
  expect(damaged).toEqual([]);
  expect(hashing.knows(id)).toBe(true);
});
