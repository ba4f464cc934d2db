// Blobs of a few manifests: linked where this store holds their bytes already, taken where they are files, downloaded otherwise.
import { commitStaged, type FinishCommit } from "../content/commit.ts";
import { leaseAt } from "../content/lease.ts";
import { RegistryError } from "../errors.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { Sealed, SealOptions } from "../storage/staging.ts";
import { download } from "./download.ts";
import { each } from "./each.ts";
import { refusalOf } from "./refusal.ts";
import type { BlobWay } from "./report.ts";
import type { ImportRun, ImportStore } from "./run.ts";
import { SourceError, type SourceRepository } from "./source.ts";

/** A blob that manifests name. */
export interface NeededBlob {
  readonly digest: Digest;
  /** As the manifest declares it, bytes. */
  readonly size: number;
}

/** Where blobs come from, and where they go. */
export interface BlobPlace {
  readonly repository: RepositoryName;
  readonly source: SourceRepository;
}

/** Brings blobs into the repository. @returns those that could not be had, each with the reason. */
export async function bringBlobs(
  run: ImportRun,
  place: BlobPlace,
  needed: readonly NeededBlob[],
): Promise<ReadonlyMap<Digest, string>> {
  const { store } = run;
  const failed = new Map<Digest, string>();
  const total = needed.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const onBytes = (bytes: number): void => {
    done += bytes;
    run.onProgress("blobs", done, total);
  };
  await each(needed, place.source.blobsAtOnce, async (blob) => {
    try {
      const way = await (store === null
        ? countBlob(run, place, blob)
        : bringBlob({ ...run, store, onBytes }, place, blob));
      if (way !== null) count(run, way, blob.size);
      if (way !== "download") onBytes(blob.size);
    } catch (error) {
      failed.set(blob.digest, refusalOf(error));
    }
  });
  return failed;
}

interface Bringing extends ImportRun {
  readonly store: ImportStore;
  /** Called with bytes as they arrive over HTTP. */
  readonly onBytes: (bytes: number) => void;
}

/** @returns how its bytes came. @throws SourceError */
async function bringBlob(
  { store, request, rest, onBytes }: Bringing,
  { repository, source }: BlobPlace,
  { digest, size }: NeededBlob,
): Promise<BlobWay> {
  const at = source.blob(digest);
  let way: BlobWay = "stored";
  const seal = async (isStored: SealOptions["isStored"]): Promise<Sealed> => {
    way = "stored";
    // Before its bytes are read: most layers are the layers of many images.
    if (await isStored({ digest, size })) return { kind: "sealed", locator: null, digest, size };
    way = "download";
    if (at.kind === "stream")
      return download(store, { digest, size, open: at.open }, { rest, onBytes });
    const { path } = at;
    const owner = store.newId();
    const taken = await store.storage.intake.take({ path, digest, owner, share: request.share });
    if (taken.kind === "unreadable") throw new SourceError(`${path}: ${taken.reason}`);
    if (taken.kind === "mismatch") return { ...taken, expected: digest };
    way = taken.way;
    return { ...taken, kind: "sealed", digest };
  };
  const finish = finisher(store, repository);
  const deps = { storage: store.storage, contents: store.metadata.contents };
  const sealed = await commitStaged(deps, { seal, discard: async () => {} }, finish);
  if (sealed.kind === "sealed") return way;
  const where = at.kind === "file" ? at.path : "what the source sent";
  throw new SourceError(`${where}: the bytes are damaged, they are ${sealed.actual}`);
}

/** The transaction that makes a blob the repository's. */
const finisher =
  ({ metadata, clock, leaseMs }: ImportStore, repository: RepositoryName): FinishCommit =>
  async (content) => {
    const now = clock();
    const { until: keptUntil } = leaseAt(now, leaseMs);
    const link = { session: null, repository, now, keptUntil };
    const outcome = await metadata.uploads.finishUpload({ ...content, ...link });
    if (outcome.kind === "sessionGone") throw new RegistryError("UPLOAD_UNKNOWN");
    return outcome;
  };

/**
 * A dry run: how a blob would come. Whether a registry has one is only found out by asking for it.
 * @returns null for what was counted before: it would be stored once.
 */
async function countBlob(
  { counted, target, request }: ImportRun,
  { source }: BlobPlace,
  { digest }: NeededBlob,
): Promise<BlobWay | null> {
  if (counted.has(digest)) return null;
  const at = source.blob(digest);
  if (at.kind === "file" && !(await Bun.file(at.path).exists())) {
    throw new SourceError(`${at.path}: it is missing`);
  }
  counted.add(digest);
  if (await target.hasContent(digest)) return "stored";
  if (at.kind === "stream") return "download";
  return request.share ? "link" : "copy";
}

function count({ report }: ImportRun, way: BlobWay, bytes: number): void {
  const counted = report.blobs[way];
  counted.blobs += 1;
  counted.bytes += bytes;
}
