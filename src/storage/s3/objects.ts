// Calls on whole objects of the bucket.
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { type BucketClient, callMs, longCallMs, sendMs } from "./client.ts";
import { isAbsent } from "./failures.ts";
import { Removals } from "./removals.ts";

/** An object. */
export interface ObjectHead {
  /** Bytes. */
  readonly size: number;
  /** Unix ms. */
  readonly modifiedAt: number;
}

/** A listed object. */
export interface ListedObject extends ObjectHead {
  readonly key: string;
}

/** Bytes from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Objects of one bucket. @throws S3Error */
export class Objects {
  readonly #client: BucketClient;
  readonly #removals: Removals;

  constructor(client: BucketClient) {
    this.#client = client;
    this.#removals = new Removals(client);
  }

  /** @throws S3Error when the bucket cannot be reached. */
  async check(): Promise<void> {
    const command = new HeadBucketCommand({ Bucket: this.#client.bucket });
    await this.#client.call("HeadBucket", { attemptMs: callMs }, (client, options) =>
      client.send(command, options),
    );
  }

  /** Stores bytes that are in memory. */
  async put(key: string, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    const input = { ...this.#client.at(key), Body: body, ContentLength: body.byteLength };
    const limits = { attemptMs: sendMs(body.byteLength), signal };
    await this.#client.call("PutObject", limits, (client, options) =>
      client.send(new PutObjectCommand(input), options),
    );
  }

  /** @returns null when it is absent. */
  head(key: string): Promise<ObjectHead | null> {
    return orAbsent(async () => {
      const found = await this.#client.call(
        "HeadObject",
        { attemptMs: callMs },
        (client, options) => client.send(new HeadObjectCommand(this.#client.at(key)), options),
      );
      const { ContentLength: size, LastModified } = found;
      // Content of a size that is not known is not empty.
      if (size === undefined) throw new Error(`S3 gave no length for ${key}`);
      return { size, modifiedAt: LastModified?.getTime() ?? 0 };
    });
  }

  /** Bytes as they come. @returns null when the object is absent. @throws S3Error InvalidRange for a span beyond its end. */
  get(key: string, { start, end }: Span): Promise<ReadableStream<Uint8Array> | null> {
    const input = { ...this.#client.at(key), Range: `bytes=${start}-${end - 1}` };
    return orAbsent(async () => {
      const found = await this.#client.call("GetObject", { attemptMs: callMs }, (client, options) =>
        client.send(new GetObjectCommand(input), options),
      );
      return found.Body?.transformToWebStream() ?? null;
    });
  }

  /** Deleting what is absent is not an error. */
  remove(key: string): Promise<void> {
    return this.#removals.remove(key);
  }

  /** On the server, up to 5 GiB. @returns false when the source is absent. */
  async copy(from: string, to: string): Promise<boolean> {
    const input = { ...this.#client.at(to), CopySource: this.#client.source(from) };
    const copied = await orAbsent(() =>
      this.#client.call("CopyObject", { attemptMs: longCallMs }, (client, options) =>
        client.send(new CopyObjectCommand(input), options),
      ),
    );
    return copied !== null;
  }

  /** Every object below `under`, in batches, by key. */
  async *list(under: string): AsyncGenerator<readonly ListedObject[]> {
    const { bucket, prefix } = this.#client;
    let from: string | undefined;
    do {
      const input = { Bucket: bucket, Prefix: prefix + under, ContinuationToken: from };
      const page = await this.#client.call(
        "ListObjectsV2",
        { attemptMs: callMs },
        (client, options) => client.send(new ListObjectsV2Command(input), options),
      );
      yield (page.Contents ?? []).map(({ Key = "", Size = 0, LastModified }) => ({
        key: Key.slice(prefix.length),
        size: Size,
        modifiedAt: LastModified?.getTime() ?? 0,
      }));
      from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (from !== undefined);
  }
}

async function orAbsent<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
