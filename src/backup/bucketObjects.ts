// Objects below a prefix in a bucket of another Breadbox: requests that are repeated for a while, and refusals in words.
import { type BucketAddress, objectPath } from "../client/address.ts";
import type { ObjectInfo } from "../client/answers.ts";
import { type Client, guarded } from "../client/client.ts";
import { listObjects } from "../client/lists.ts";
import { bytesOf, look, ReplacedError } from "../client/objectBytes.ts";
import { memoryPiece, type SourceFile } from "../client/pieces.ts";
import {
  CommandError,
  isDiskFull,
  isLasting,
  LineError,
  lineText,
  RefusedError,
  refusedText,
} from "../client/problems.ts";
import { shareOf } from "../client/progress.ts";
import { putFile } from "../client/putFile.ts";
import { sendWhole } from "../client/putParts.ts";
import { type Patience, persist } from "../client/retry.ts";
import { digestOf } from "../model/digest.ts";
import { BackupError, type TargetFile } from "./target.ts";
import { hashedFile } from "./transfer.ts";

/** A bucket of another Breadbox. */
export interface BucketPlace {
  readonly client: Client;
  readonly bucket: string;
  /** "" or `nightly/`: what the names of all objects begin with. */
  readonly prefix: string;
  /** For people: without a password. */
  readonly name: string;
  readonly patience: Patience;
}

/** What must hold for a put: that there is no object, or that it still has this digest. */
export type PutCondition = { readonly ifNoneMatch: "*" } | { readonly ifMatch: string };

/** A small object. */
export interface ObjectText {
  readonly text: string;
  readonly digest: string;
}

/** An object of a list; `name` is what follows the prefix. */
export interface ListedObject extends ObjectInfo {
  readonly name: string;
}

const contentType = "application/octet-stream";
/** Parts of one object at the same time. */
const parallel = 4;
/** Bytes of one request, which may wait in memory. */
const portion = 8 * 1_048_576;
/** A deletion that is not answered by then is repeated; ms. */
const deletionMs = 30_000;

/** Names are those behind the prefix. @throws BackupError */
export class BucketObjects {
  readonly #place: BucketPlace;

  constructor(place: BucketPlace) {
    this.#place = place;
  }

  /** Pages of the objects whose names begin so, ascending. */
  async *list(start: string): AsyncGenerator<readonly ListedObject[]> {
    const { prefix } = this.#place;
    for await (const { items } of this.#pages({ prefix: prefix + start })) {
      yield items.map((item) => ({ ...item, name: item.object.slice(prefix.length) }));
    }
  }

  /** Names below a folder (`backups/`, or "" for all), those of folders with a slash at their ends. */
  async namesIn(folder: string): Promise<string[]> {
    const start = this.#place.prefix + folder;
    const names: string[] = [];
    for await (const { items, prefixes } of this.#pages({ prefix: start, delimiter: "/" })) {
      names.push(...[...prefixes, ...items.map(({ object }) => object)]);
    }
    return names.map((name) => name.slice(start.length)).sort();
  }

  #pages(query: Readonly<Record<string, string>>) {
    const client = { json: (path: string) => this.#persist(() => this.#place.client.json(path)) };
    return listObjects(client, this.#place.bucket, query);
  }

  /** @returns null when there is no such object. */
  async open(name: string): Promise<TargetFile | null> {
    const { client, patience } = this.#place;
    const target = this.#address(name);
    const wanted = await this.#persist(() =>
      look(client, target, patience.stop).catch(nullIfUnknown),
    );
    if (wanted === null) return null;
    const deps = { client, target, patience };
    const read = async (offset: number) => this.#told(bytesOf(deps, wanted, { offset, portion }));
    return { size: wanted.size, read };
  }

  /** A small object whole; null when there is none. */
  readText(name: string): Promise<ObjectText | null> {
    const { client, patience } = this.#place;
    return this.#persist(async () => {
      const path = objectPath(this.#address(name));
      const answer = await client.send(path, { stop: patience.stop }).catch(nullIfUnknown);
      if (answer === null) return null;
      const bytes = await guarded(patience.stop, () => answer.bytes());
      return { text: new TextDecoder().decode(bytes), digest: digestOf(bytes) };
    });
  }

  /** Puts a small object. @returns its digest; null when the condition does not hold. */
  async putText(name: string, text: string, condition: PutCondition): Promise<string | null> {
    const bytes = new TextEncoder().encode(text);
    const digest = digestOf(bytes);
    const headers: Readonly<Record<string, string>> =
      "ifMatch" in condition
        ? { "if-match": `"${condition.ifMatch}"` }
        : { "if-none-match": condition.ifNoneMatch };
    return this.#at(async () => {
      try {
        await sendWhole(this.#deps(name), memoryPiece(bytes), digest, headers);
        return digest;
      } catch (error) {
        const isTold = error instanceof RefusedError && error.status === 412;
        if (!isTold && !isDenied(error)) throw error;
        // The answer to an earlier attempt may have been lost; a login that may replace nothing hears 403 then.
        const there = await this.readText(name);
        if (there?.digest === digest) return digest;
        if (isTold || (there !== null && "ifNoneMatch" in condition)) return null;
        throw error;
      }
    });
  }

  /** Puts an object of any size. @throws OtherBytesError when its bytes are not the expected ones, and what `file` throws. */
  async putFile(
    name: string,
    file: SourceFile,
    { expected, onBytes = () => {} }: { expected?: string; onBytes?: (count: number) => void } = {},
  ): Promise<void> {
    const { stop, say } = this.#place.patience;
    const put = {
      ...{ ...this.#deps(name), file, onBytes, onUpload: () => {} },
      transfer: shareOf({ stop, say, add: onBytes }),
      options: { partBytes: null, parallel },
      ...(expected !== undefined && { expected }),
    };
    await this.#at(async () => {
      try {
        await putFile(put);
      } catch (error) {
        // The answer to an earlier attempt may have been lost, and this login may replace nothing.
        if (!isDenied(error) || !(await this.#has(name, file))) throw error;
      }
    });
  }

  async #has(name: string, file: SourceFile): Promise<boolean> {
    const { client, patience } = this.#place;
    const there = await persist(patience, () =>
      look(client, this.#address(name), patience.stop).catch(nullIfUnknown),
    );
    return there !== null && there.digest === (await hashedFile(file, "sha256")).digest;
  }

  /** Removes an object, if it is there. */
  async remove(name: string): Promise<void> {
    const path = objectPath(this.#address(name));
    const call = { method: "DELETE", quietMs: deletionMs } as const;
    await this.#persist(() => this.#place.client.done(path, call).catch(nullIfUnknown));
  }

  #address(name: string): BucketAddress {
    return { bucket: this.#place.bucket, object: this.#place.prefix + name };
  }

  #deps(name: string) {
    const { client, patience } = this.#place;
    return { client, patience, contentType, target: this.#address(name), onBytes: () => {} };
  }

  #persist<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#at(() => persist(this.#place.patience, attempt));
  }

  async #at<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      throw inWords(error, this.#place);
    }
  }

  async *#told(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      throw inWords(error, this.#place);
    }
  }
}

function nullIfUnknown(error: unknown): null {
  if (error instanceof RefusedError && error.code === "OBJECT_UNKNOWN") return null;
  throw error;
}

const isDenied = (error: unknown): boolean => error instanceof RefusedError && error.status === 403;

const goesOn = "Run it again later: it goes on where it ended.";

/** What the server or the line to it says, for the operator; other errors as they are. */
function inWords(error: unknown, { name, bucket, client: { url } }: BucketPlace): unknown {
  if (error instanceof ReplacedError) return new BackupError(`${name} was changed meanwhile`);
  if (error instanceof CommandError) return new BackupError(`${name}: ${error.message}`);
  if (error instanceof LineError) {
    const isNobody = error.code === "ECONNREFUSED" || error.code === "ENOTFOUND";
    const text = isNobody ? `No Breadbox answers at ${url} (${error.code}).` : lineText(error, url);
    // A certificate stays wrong.
    return new BackupError(isLasting(error) ? text : `${text.replace(/\.?$/, ".")} ${goesOn}`);
  }
  if (!(error instanceof RefusedError)) return error;
  const { status, code, message } = error;
  if (code === "BUCKET_UNKNOWN") {
    return new BackupError(
      `there is no bucket ${bucket} at ${url} that this login may see: breadbox bucket create ${bucket} --server ${url}, and docs/BACKUP.md has the rights that it needs`,
    );
  }
  if (status === 401) {
    return new BackupError(
      `${url} does not take this login (401): name a token, as https://token:bbx_…@HOST/BUCKET or in BREADBOX_SERVER`,
    );
  }
  if (status === 403) {
    return new BackupError(
      `${url} forbids it (403: ${message}): docs/BACKUP.md has the rights that a token needs`,
    );
  }
  if (isDiskFull(error) || status === 507) {
    return new BackupError(
      `there is no space left at ${url}: free some, or keep fewer backups. ${goesOn}`,
    );
  }
  return new BackupError(`${refusedText(error, url)} ${goesOn}`);
}
