// The connection to a bucket: who asks, where, and how long a call is repeated.
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { type CallLimits, persist } from "./persistence.ts";

/** Where the bucket is, and who asks. */
export interface BucketOptions {
  /** Null: Amazon's, by the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  /** Before every key, with its slash; "" for the whole bucket. */
  readonly prefix: string;
  /** `https://host/bucket/key`, not `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** Null: from the environment, the files of the AWS CLI, or the machine's role. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** Sends a CRC32 with all bytes, which the store compares. */
  readonly checksums: boolean;
}

/** What calls are signed with. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of keys that are a role's. */
  readonly sessionToken?: string;
}

/** Of a call without a body; ms. */
export const callMs = 10_000;
/** Of a call that a server may take for long: it copies bytes; ms. */
export const longCallMs = 120_000;
/** An attempt to send bytes more slowly is given up; bytes a second. */
const slowest = 512 * 1024;

/** How long an attempt to send so many bytes may take; ms. */
export const sendMs = (bytes: number): number => callMs + (bytes / slowest) * 1_000;

/** S3 spells an ETag with quotes, and some servers without. */
export const bareEtag = (etag: string | undefined): string => (etag ?? "").replaceAll('"', "");

/** Makes calls to one bucket. Keys are below the store's prefix. */
export class BucketClient {
  readonly bucket: string;
  readonly prefix: string;
  readonly options: BucketOptions;
  readonly #client: S3Client;

  constructor(options: BucketOptions) {
    this.bucket = options.bucket;
    this.prefix = options.prefix;
    this.options = options;
    this.#client = new S3Client(configOf(options));
  }

  /** @param run makes the call, once for every attempt. @throws S3Error; the reason of the limits' signal. */
  call<T>(
    name: string,
    limits: CallLimits,
    run: (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    return persist(name, (abortSignal) => run(this.#client, { abortSignal }), limits);
  }

  /** The same ones until they change. @throws Error when there are none. */
  keys(): Promise<Keys> {
    return this.#client.config.credentials();
  }

  /** How far S3's clock is ahead of this machine's, to about a second; ms. */
  get clockAheadMs(): number {
    return this.#client.config.systemClockOffset;
  }

  /** The parameters that name an object. */
  at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: this.prefix + key };
  }

  /** An object as the source of a copy. */
  source(key: string): string {
    const path = `${this.bucket}/${this.prefix}${key}`;
    return path.split("/").map(encodeURIComponent).join("/");
  }

  close(): void {
    this.#client.destroy();
  }
}

function configOf(options: BucketOptions): S3ClientConfig {
  const { endpoint, region, pathStyle, credentials, checksums } = options;
  return {
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
    // Ours persist for longer.
    maxAttempts: 1,
    requestHandler: new FetchHttpHandler(),
    requestChecksumCalculation: checksums ? "WHEN_SUPPORTED" : "WHEN_REQUIRED",
    // Stored bytes are compared with their digest by who reads them back.
    responseChecksumValidation: "WHEN_REQUIRED",
  };
}
