// Backups in a directory: content/<algorithm>/<2 hex>/<hex>, and backups/<id>/ with the files of each.
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errnoOf } from "../durability/errno.ts";
import { syncDirectory, writeDurably } from "../durability/files.ts";
import { algorithmOf, type Digest, hexOf, readDigest } from "../model/digest.ts";
import type { IntakeWay } from "../storage/intake.ts";
import { namesIn, openReader, refusalOf, targetFile, writeAll } from "./directoryFiles.ts";
import { assertOurs, markName, markOf } from "./mark.ts";
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
import {
  hashed,
  mismatchOf,
  openStored,
  portionsOf,
  readingStored,
  UnreadableError,
} from "./transfer.ts";

/** What it works with. */
export interface DirectoryTargetOptions {
  readonly directory: string;
  /** True: contents are copied even where they could be shared. */
  readonly copies: boolean;
  /** Takes a directory for this process. @throws BackupError when another one has it. */
  readonly holdDirectory: (directory: string) => { release(): void };
}

/** Names that a directory may have which is to hold backups. */
const harmless: ReadonlySet<string> = new Set([
  "lost+found",
  "lock",
  "pid",
  "tmp",
  `${markName}.new`,
]);

/** A directory as a target. */
export class DirectoryTarget implements BackupTarget {
  readonly name: string;
  readonly readsAtOnce = 1;
  readonly #options: DirectoryTargetOptions;
  /** Folders with new names. */
  readonly #unsynced = new Set<string>();
  readonly #made = new Set<string>();

  constructor(options: DirectoryTargetOptions) {
    this.#options = options;
    this.name = options.directory;
  }

  hold(store: string): Promise<() => Promise<void>> {
    return this.#at(async () => {
      const { directory, holdDirectory } = this.#options;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await this.#assertOurs(store);
      const hold = holdDirectory(directory);
      try {
        // Two first backups may have come at once.
        const isMarked = await this.#assertOurs(store);
        if (!isMarked) await writeDurably(this.#path(markName), markOf(store));
      } catch (error) {
        hold.release();
        throw error;
      }
      return async () => {
        await rm(this.#path("tmp"), { recursive: true, force: true }).catch(() => {});
        hold.release();
      };
    });
  }

  /** A directory with other files in it, or another store's backups, is not touched. @returns false when it is new. */
  async #assertOurs(store: string): Promise<boolean> {
    const mark = await readFile(this.#path(markName), "utf8").catch(nullIfAbsent);
    const names = mark === null ? await namesIn(this.#path()) : [];
    const others = names.filter((name) => !harmless.has(name));
    return assertOurs({ name: this.name, noun: "directory", mark, others }, store);
  }

  scratch(): Promise<string> {
    return this.#at(async () => {
      const folder = this.#path("tmp");
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { mode: 0o700 });
      return folder;
    });
  }

  async *contents(): AsyncGenerator<readonly HeldContent[]> {
    for (const algorithm of algorithms) {
      for (const prefix of await this.#at(() => namesIn(this.#path("content", algorithm)))) {
        const names = await this.#at(() => namesIn(this.#path("content", algorithm, prefix)));
        const digests = names.map((name) => readDigest(`${algorithm}:${name}`));
        yield digests.flatMap((digest) => (digest === null ? [] : [this.#held(digest)]));
      }
    }
  }

  #held(digest: Digest): HeldContent {
    return { digest, size: async () => (await this.openContent(digest))?.size ?? 0 };
  }

  putContent(source: ContentSource): Promise<PutContent> {
    const { digest } = source;
    return this.#at(async () => {
      const draft = this.#path("tmp", hexOf(digest));
      await rm(draft, { force: true });
      const put = await this.#draft(source, draft);
      if (put.kind === "lost") {
        await rm(draft, { force: true });
        return put;
      }
      const path = this.#contentPath(digest);
      await this.#makeFolder(dirname(path));
      await rename(draft, path);
      this.#unsynced.add(dirname(path));
      return put;
    });
  }

  async #draft(source: ContentSource, draft: string): Promise<PutContent> {
    const shared = this.#options.copies ? null : await source.share(draft);
    const reader = shared === null ? await openStored(source) : await openReader(draft);
    if (reader === null) return { kind: "lost", reason: missing };
    if (typeof reader === "string") return { kind: "lost", reason: reader };
    try {
      const reason = await this.#verify(source, reader, { draft, way: shared ?? "copy" });
      return reason === null ? { kind: "put", way: shared ?? "copy" } : { kind: "lost", reason };
    } finally {
      await reader.close();
    }
  }

  /** @returns why the bytes are not those of the content; null when they are in the draft, durably. */
  async #verify(
    { digest, size, onBytes }: ContentSource,
    reader: { read(offset: number, into: Uint8Array): Promise<number> },
    { draft, way }: { readonly draft: string; readonly way: IntakeWay },
  ): Promise<string | null> {
    // A second name of the store's own file: it is only read.
    const file = way === "link" ? null : await open(draft, way === "copy" ? "wx" : "r+", 0o600);
    try {
      const found = await hashed(
        readingStored(portionsOf(reader)),
        algorithmOf(digest),
        async (portion) => {
          if (way === "copy" && file !== null) await writeAll(file, portion);
          onBytes(portion.byteLength);
        },
      );
      const reason = mismatchOf(found, { digest, size });
      if (reason === null) await file?.sync();
      return reason;
    } catch (error) {
      if (error instanceof UnreadableError) return error.message;
      throw error;
    } finally {
      await file?.close();
    }
  }

  openContent(digest: Digest): Promise<TargetFile | null> {
    return this.#at(() => targetFile(this.#contentPath(digest)));
  }

  async removeContents(digests: readonly Digest[]): Promise<void> {
    await this.#at(async () => {
      for (const digest of digests) await rm(this.#contentPath(digest), { force: true });
    });
  }

  backups(): Promise<readonly string[]> {
    return this.#at(() => namesIn(this.#path("backups")));
  }

  putFile(id: string, name: string, path: string): Promise<void> {
    return this.#at(async () => {
      const to = this.#path("backups", id, name);
      await this.#makeFolder(dirname(to));
      await chmod(path, 0o600);
      const file = await open(path, "r+");
      await file.sync().finally(() => file.close());
      await rename(path, to);
      this.#unsynced.add(dirname(to));
    });
  }

  openFile(id: string, name: string): Promise<TargetFile | null> {
    return this.#at(() => targetFile(this.#path("backups", id, name)));
  }

  settle(): Promise<void> {
    return this.#at(async () => {
      for (const folder of this.#unsynced) await syncDirectory(folder);
      this.#unsynced.clear();
    });
  }

  publish(id: string, manifest: string): Promise<void> {
    return this.#at(() => writeDurably(this.#path("backups", id, manifestName), manifest));
  }

  removeBackups(ids: readonly string[]): Promise<void> {
    return this.#at(async () => {
      for (const id of ids) {
        const folder = this.#path("backups", id);
        await rm(join(folder, manifestName), { force: true });
        await syncDirectory(folder);
        await rm(folder, { recursive: true });
      }
    });
  }

  #path(...names: string[]): string {
    return join(resolve(this.#options.directory), ...names);
  }

  #contentPath(digest: Digest): string {
    const hex = hexOf(digest);
    return this.#path("content", algorithmOf(digest), hex.slice(0, 2), hex);
  }

  /** Names of folders are made durable with those of their files. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first !== undefined) {
      for (let made = folder; made.length >= first.length; made = dirname(made)) {
        this.#unsynced.add(dirname(made));
      }
    }
    this.#made.add(folder);
  }

  /** What the target's disk answers, in words. */
  async #at<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === null) throw error;
      throw new BackupError(refusalOf(this.name, errno, error));
    }
  }
}

function nullIfAbsent(error: unknown): null {
  if (errnoOf(error) === "ENOENT") return null;
  throw error;
}
