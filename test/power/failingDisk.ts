// Disks that fail before the power does: a sync that is answered with EIO, and a file system that cannot write past the page cache.
import { randomBytes, sha256 } from "../support/bytes.ts";
import { type DiskOptions, mountDisk, type SyncKind } from "../support/powerLoss/powerLoss.ts";
import { freePort, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { must, ObjectBook, send } from "./buckets.ts";
import { assertSwept } from "./leftovers.ts";
import { PartUpload } from "./partUpload.ts";
import { BrokenPromise } from "./promise.ts";
import { assertClean, assertUndamaged, dataOn, startServer } from "./server.ts";

const mebibyte = 2 ** 20;
/** So many parts bring a sync in the background, and writes past the page cache. */
const largeParts = 9;
const largePartBytes = 8 * mebibyte;

/** What a client does around the moment at which a disk begins to fail. */
interface Work {
  readonly server: string;
  readonly bucket: string;
  readonly book: ObjectBook;
  /** With three parts that were answered. */
  readonly upload: PartUpload;
}

/** A sync that fails, and what meets it. */
interface FailingSync {
  readonly name: string;
  readonly fail: SyncKind;
  /** Asks for what needs it. @throws BrokenPromise for the answer 503, which it must get. */
  meet(work: Work): Promise<void>;
}

const failingSyncs: readonly FailingSync[] = [
  {
    name: "of a part",
    fail: "parts",
    meet: async ({ upload }) => void (await upload.put(2, part("replaces", 70_000))),
  },
  {
    name: "of the folder of a part",
    fail: "folders",
    meet: async ({ upload }) => void (await upload.put(4, part("comes late", 70_000))),
  },
  {
    name: "of what is put together",
    fail: "whole",
    meet: ({ upload }) => upload.complete(upload.numbers),
  },
  {
    name: "of what is put together in the background",
    fail: "whole",
    meet: async ({ upload }) => {
      for (let number = 1; number <= largeParts; number += 1) {
        await upload.put(number, part(`large ${number}`, largePartBytes));
        // The worker needs a moment to put it there.
        await Bun.sleep(200);
      }
    },
  },
  {
    name: "of the folder of a stored name",
    fail: "folders",
    meet: ({ upload }) => upload.complete(upload.numbers),
  },
  {
    name: "of the row of a part",
    fail: "wal",
    meet: async ({ upload }) => void (await upload.put(2, part("replaces", 70_000))),
  },
];

/** Tries them all. @throws BrokenPromise. */
export async function tryFailingDisks(onTried: (what: string) => void): Promise<void> {
  for (const failing of failingSyncs) {
    await failSyncs(failing);
    onTried(`a sync ${failing.name} fails`);
  }
  for (const refusesDirect of [false, true]) {
    const directWrites = await loseLarge(refusesDirect);
    if (directWrites > 0 === refusesDirect)
      throw new BrokenPromise(`${directWrites} direct writes`);
    onTried(`${directWrites} writes past the page cache`);
  }
}

/** The server turns read-only, the power fails, and all that was answered is there. */
async function failSyncs({ name, fail, meet }: FailingSync): Promise<void> {
  await using scope = new Scope();
  const backing = tempFolder(scope, "failing");
  const work = await withServer({ backing, fail }, async (started, disk) => {
    disk.failSyncs();
    const error = await meet(started).catch((reason: unknown) => reason);
    if (!(error instanceof BrokenPromise && error.message.startsWith("503,"))) {
      throw new BrokenPromise(`a sync ${name} failed, and the answer was ${error}`);
    }
    await assertReadOnly(started);
    // What a list of parts says is a promise: none is made of a row that may not have been kept.
    const list = `${started.bucket}/multipart-uploads/${started.upload.id}/parts`;
    must(await send("GET", list), fail === "wal" ? 503 : 200);
    await disk.cut();
  });
  await settleOn(backing, work);
}

async function assertReadOnly({ server, bucket, book, upload }: Work): Promise<void> {
  const refused = [
    ["PUT", `${bucket}/objects/refused`],
    ["DELETE", `${bucket}/objects/kept`],
    ["POST", `${bucket}/multipart-uploads`],
    ["PUT", `${bucket}/multipart-uploads/${upload.id}/parts/1`],
    ["DELETE", `${bucket}/multipart-uploads/${upload.id}`],
    ["POST", `${server}/v1/buckets`],
    ["POST", `${server}/v2/power/refused/blobs/uploads/`],
  ] as const;
  for (const [method, url] of refused) {
    const object = url.endsWith("multipart-uploads")
      ? '{"object":"refused"}'
      : '{"name":"refused"}';
    must(await send(method, url, method === "DELETE" ? {} : { body: object }), 503);
  }
  await book.verify();
}

/** @returns how often the server wrote past the page cache. */
async function loseLarge(refusesDirect: boolean): Promise<number> {
  await using scope = new Scope();
  const backing = tempFolder(scope, "large");
  let directWrites = 0;
  const work = await withServer(
    { backing, refusesDirect },
    async ({ upload }, disk) => {
      for (let number = largeParts; number >= 1; number -= 1) {
        await upload.put(number, part(`large ${number}`, largePartBytes));
      }
      await upload.complete(upload.numbers);
      await disk.cut();
    },
    (figures) => {
      directWrites = figures.directWrites;
    },
  );
  await settleOn(backing, work);
  return directWrites;
}

const part = (seed: string, size: number) => new Uint8Array(randomBytes(seed, size));

type MountedDisk = Awaited<ReturnType<typeof mountDisk>>;

/** On a new disk: a bucket, an object, an upload with three parts, and then `use`, at the end of which the power is off. */
async function withServer(
  plan: Pick<DiskOptions, "backing" | "fail" | "refusesDirect">,
  use: (work: Work, disk: MountedDisk) => Promise<void>,
  onUnmounted: (figures: Awaited<ReturnType<MountedDisk["unmount"]>>) => void = () => {},
): Promise<Work & { readonly port: number }> {
  await using scope = new Scope();
  const port = freePort();
  const disk = await mountDisk(scope, { ...plan, seed: 1, keepPercent: 0 });
  const started = await startServer(scope, disk, port);
  const server = `http://127.0.0.1:${port}`;
  const bucket = `${server}/v1/buckets/failing`;
  must(await send("POST", `${server}/v1/buckets`, { body: '{"name":"failing"}' }), 201);
  const book = new ObjectBook(bucket);
  const bytes = part("kept", 100_000);
  await book.put("kept", { digest: sha256(bytes), contentType: "application/x-kept" }, bytes);
  const upload = new PartUpload(bucket, book, "parts");
  await upload.initiate();
  for (const number of [1, 2, 3]) await upload.put(number, part(`${number}`, 100_000 * number));
  const work = { port, server, bucket, book, upload };
  await use(work, disk);
  await started.process.kill9();
  onUnmounted(await disk.unmount());
  return work;
}

/** On what the disk has kept. */
async function settleOn(
  backing: string,
  { port, book, upload }: Work & { readonly port: number },
): Promise<void> {
  await using scope = new Scope();
  const disk = await mountDisk(scope, { backing, seed: 1, keepPercent: 0 });
  await assertUndamaged(disk);
  const server = await startServer(scope, disk, port);
  if (upload.isCompleted) await upload.repeat();
  else if (await upload.settle()) await upload.complete(upload.numbers);
  await book.settle();
  await assertSwept(dataOn(disk), []);
  await assertUndamaged(disk);
  await assertClean(disk);
  await server.process.kill9();
  await disk.unmount();
}
