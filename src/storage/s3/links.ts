// URLs that let a client read one object for a while, without a login of its own. Signed here: no call is made.
import type { LinkOptions } from "../content.ts";
import type { BucketClient, Keys } from "./client.ts";

/** Where clients reach the bucket. */
export interface LinkPlace {
  /** Null: Amazon's, by the region. */
  readonly endpoint: string | null;
  /** Unix time is not asked: a URL is good for so long from its making; ms. */
  readonly ttlMs: number;
}

/** By how much this machine's clock may be wrong; ms. */
const toleratedMs = 60_000;

/** Makes URLs. */
export class Links {
  readonly #client: BucketClient;
  readonly #place: LinkPlace;
  #signer: { readonly keys: Keys; readonly client: Bun.S3Client } | null = null;

  constructor(client: BucketClient, place: LinkPlace) {
    this.#client = client;
    this.#place = place;
  }

  /** False while a URL would be born too old or too young, because this machine's clock is wrong. */
  get areGood(): boolean {
    return Math.abs(this.#client.clockAheadMs) < toleratedMs;
  }

  /** @throws Error when there are no credentials. */
  async of(key: string, { mediaType, disposition }: LinkOptions): Promise<string> {
    const signer = this.#signerFor(await this.#client.keys());
    return signer.presign(this.#client.at(key).Key, {
      method: "GET",
      expiresIn: Math.floor(this.#place.ttlMs / 1_000),
      type: mediaType,
      contentDisposition: disposition,
    });
  }

  /** Keys of a role change every few hours. */
  #signerFor(keys: Keys): Bun.S3Client {
    if (this.#signer?.keys !== keys) this.#signer = { keys, client: this.#makeSigner(keys) };
    return this.#signer.client;
  }

  #makeSigner({ accessKeyId, secretAccessKey, sessionToken }: Keys): Bun.S3Client {
    const { bucket, region, pathStyle } = this.#client.options;
    const url = new URL(this.#place.endpoint ?? `https://s3.${region}.amazonaws.com`);
    if (!pathStyle) url.host = `${bucket}.${url.host}`;
    return new Bun.S3Client({
      ...{ accessKeyId, secretAccessKey, region, bucket, endpoint: url.origin },
      ...(sessionToken === undefined ? {} : { sessionToken }),
      virtualHostedStyle: !pathStyle,
    });
  }
}
