// Backups in a bucket of another Breadbox: the names of a directory (directory.ts) below a prefix, and a lease instead of its lock.
import { mkdir, rm } from "node:fs/promises";
import { LocalFile } from "../client/pieces.ts";
import { OtherBytesError } from "../client/putFile.ts";
import { each } from "../import/each.ts";
import { algorithmOf, type Digest, hexOf, readDigest } from "../model/digest.ts";
import { type BucketLease, leaseName } from "./bucketLease.ts";
import type { BucketObjects, ListedObject } from "./bucketObjects.ts";
import { assertOurs, markName, markOf } from "./mark.ts";
import { StoredFile } from "./storedFile.ts";
import {
  algorithms,
  BackupError,
  type BackupTarget,
  type ContentSource,
  type HeldContent,
  manifestName,
  missing,
  type PutContent,
  type TargetFile,
} from "./target.ts";
import { hashedFile, mismatchOf, openStored, UnreadableError } from "./transfer.ts";

/** What it works with. */
export interface BucketTargetOptions {
  readonly objects: BucketObjects;
  /** For people: without a password. */
  readonly name: string;
  readonly lease: () => Promise<BucketLease>;
  /** True when an object of this name and digest, below the target's prefix, is in the store that is backed up. */
  readonly isOwn: (name: string, digest: string) => Promise<boolean>;
  /** A folder of this machine for the files of a backup; null for who only reads. */
  readonly scratch: string | null;
}

/** Of small requests. */
const atOnce = 8;
/** Deletions between two looks whether the bucket is still ours. */
const deletions = 64;

const removeFolder = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

const nameOf = (digest: Digest): string => {
  const hex = hexOf(digest);
  return `content/${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}`;
};

/** A bucket as a target. */
export class BucketTarget implements BackupTarget {
  readonly name: string;
  readonly readsAtOnce = atOnce;
  readonly #options: BucketTargetOptions;
  #lease: BucketLease | null = null;
  /** The scratch folder, once it is ours. */
  #made: string | null = null;

  constructor(options: BucketTargetOptions) {
    this.#options = options;
    this.name = options.name;
  }

  async hold(store: string): Promise<() => Promise<void>> {
    const { objects, lease } = this.#options;
    await this.#assertOurs(store);
    const held = await lease();
    try {
      await this.#assertElsewhere(held);
      // Two first backups may have come at once.
      const isMarked = await this.#assertOurs(store);
      if (!isMarked) await objects.putText(markName, markOf(store), { ifNoneMatch: "*" });
    } catch (error) {
      await held.release();
      throw error;
    }
    this.#lease = held;
    return async () => {
      if (this.#made !== null) await removeFolder(this.#made).catch(() => {});
      this.#lease = null;
      await held.release();
    };
  }

  /** A bucket with other objects in it, or another store's backups, is not touched. @returns false when it is new. */
  async #assertOurs(store: string): Promise<boolean> {
    const { objects } = this.#options;
    const mark = (await objects.readText(markName))?.text ?? null;
    const names = mark === null ? await objects.namesIn("") : [];
    const others = names.filter((name) => name !== leaseName);
    return assertOurs({ name: this.name, noun: "bucket or prefix", mark, others }, store);
  }

  /** The lease's bytes are nobody else's: a store that has them is the one behind the bucket, whatever its URL says. */
  async #assertElsewhere({ digest }: BucketLease): Promise<void> {
    const { objects, isOwn } = this.#options;
    if (!(await isOwn(leaseName, digest))) return;
    await objects.remove(leaseName);
    throw new BackupError(
      `${this.name} is a bucket of this store: a backup has to be elsewhere. Name a directory on another disk, or a bucket of another Breadbox`,
    );
  }

  async scratch(): Promise<string> {
    const { scratch } = this.#options;
    if (scratch === null) throw new Error(`${this.name} is only read`);
    this.#made = scratch;
    await removeFolder(scratch);
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    return scratch;
  }

  async *contents(): AsyncGenerator<readonly HeldContent[]> {
    for (const algorithm of algorithms) {
      for await (const page of this.#options.objects.list(`content/${algorithm}/`)) {
        yield page.flatMap((object) => held(object) ?? []);
      }
    }
  }

  async putContent(source: ContentSource): Promise<PutContent> {
    const reader = await openStored(source);
    if (reader === null) return { kind: "lost", reason: missing };
    if (typeof reader === "string") return { kind: "lost", reason: reader };
    try {
      await this.#send(source, new StoredFile(reader, source.size));
      return { kind: "put", way: "copy" };
    } catch (error) {
      if (error instanceof UnreadableError) return { kind: "lost", reason: error.message };
      if (!(error instanceof OtherBytesError)) throw error;
      return { kind: "lost", reason: `its bytes are ${error.digest}` };
    } finally {
      await reader.close();
    }
  }

  /** The server compares what it receives with the SHA-256 of what was read here, and that is compared with the digest. */
  async #send({ digest, onBytes }: ContentSource, file: StoredFile): Promise<void> {
    await file.assertEnd();
    const isSha256 = algorithmOf(digest) === "sha256";
    if (!isSha256) await assertDigest(file, digest);
    const expected = isSha256 ? { expected: digest } : {};
    await this.#options.objects.putFile(nameOf(digest), file, { ...expected, onBytes });
  }

  openContent(digest: Digest): Promise<TargetFile | null> {
    return this.#options.objects.open(nameOf(digest));
  }

  async removeContents(digests: readonly Digest[]): Promise<void> {
    await this.#removeAll(digests.map(nameOf));
  }

  async backups(): Promise<readonly string[]> {
    const names = await this.#options.objects.namesIn("backups/");
    return names.flatMap((name) => (name.endsWith("/") ? [name.slice(0, -1)] : []));
  }

  async putFile(id: string, name: string, path: string): Promise<void> {
    const file = await LocalFile.open(path);
    try {
      await this.#options.objects.putFile(`backups/${id}/${name}`, file);
    } finally {
      await file.close();
    }
  }

  openFile(id: string, name: string): Promise<TargetFile | null> {
    return this.#options.objects.open(`backups/${id}/${name}`);
  }

  /** The other Breadbox answers only for what outlives a power loss. */
  async settle(): Promise<void> {}

  async publish(id: string, manifest: string): Promise<void> {
    await this.#held().assertHeld();
    const name = `backups/${id}/${manifestName}`;
    const put = await this.#options.objects.putText(name, manifest, { ifNoneMatch: "*" });
    if (put === null) throw new BackupError(`${this.name} has another backup ${id}: run it again`);
  }

  async removeBackups(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await this.#removeAll([`backups/${id}/${manifestName}`]);
      for await (const page of this.#options.objects.list(`backups/${id}/`)) {
        await this.#removeAll(page.map(({ name }) => name));
      }
    }
  }

  async #removeAll(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += deletions) {
      await this.#held().assertHeld();
      const some = names.slice(at, at + deletions);
      await each(some, atOnce, (name) => this.#options.objects.remove(name));
    }
  }

  #held(): BucketLease {
    if (this.#lease === null) throw new Error(`${this.name} is not held`);
    return this.#lease;
  }
}

/** @returns null for an object that is no content, or has others' bytes: the server tells their digest. */
function held({ name, size_bytes: size, digest: actual }: ListedObject): HeldContent | null {
  const [, algorithm, , hex] = name.split("/");
  const digest = readDigest(`${algorithm}:${hex}`);
  if (digest === null || nameOf(digest) !== name) return null;
  const isOther = actual !== digest && algorithmOf(digest) === "sha256";
  return isOther ? null : { digest, size: async () => size };
}

async function assertDigest(file: StoredFile, digest: Digest): Promise<void> {
  const found = await hashedFile(file, algorithmOf(digest));
  const reason = mismatchOf(found, { digest, size: file.size });
  if (reason !== null) throw new UnreadableError(reason);
}
