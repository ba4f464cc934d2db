// Deletions that are asked for at the same time are one call to S3, where it has that call.
import { DeleteObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import { type BucketClient, callMs } from "./client.ts";
import { isAbsent, S3Error } from "./failures.ts";

/** S3 takes no more keys in a call. */
const most = 1_000;

interface Removal {
  readonly key: string;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** Deletes objects of one bucket. */
export class Removals {
  readonly #client: BucketClient;
  #gathered: Removal[] = [];
  /** Google's and some older servers have no call for several. */
  #takesMany = true;

  constructor(client: BucketClient) {
    this.#client = client;
  }

  /** Deleting what is absent is not an error. @throws S3Error */
  remove(key: string): Promise<void> {
    return new Promise((done, fail) => {
      this.#gathered.push({ key, done, fail });
      if (this.#gathered.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send(): void {
    const removals = this.#gathered;
    this.#gathered = [];
    for (let at = 0; at < removals.length; at += most) {
      void this.#removeAll(removals.slice(at, at + most));
    }
  }

  async #removeAll(removals: readonly Removal[]): Promise<void> {
    const kept =
      removals.length > 1 && this.#takesMany ? await this.#removeTogether(removals) : null;
    const left = removals.filter(({ key }) => kept === null || kept.has(key));
    for (const { key, done } of removals) if (kept !== null && !kept.has(key)) done();
    // Each of them says itself why it stays.
    await Promise.all(left.map(({ key, done, fail }) => this.#removeOne(key).then(done, fail)));
  }

  /** @returns keys that may still be there; null when nothing is known of any. */
  async #removeTogether(removals: readonly Removal[]): Promise<ReadonlySet<string> | null> {
    const { bucket, prefix } = this.#client;
    const Objects = removals.map(({ key }) => ({ Key: prefix + key }));
    const input = { Bucket: bucket, Delete: { Objects, Quiet: true } };
    try {
      const { Errors = [] } = await this.#client.call(
        "DeleteObjects",
        { attemptMs: 3 * callMs },
        (client, options) => client.send(new DeleteObjectsCommand(input), options),
      );
      return new Set(Errors.map(({ Key = "" }) => Key.slice(prefix.length)));
    } catch (error) {
      if (error instanceof S3Error && lacks.includes(error.status)) this.#takesMany = false;
      return null;
    }
  }

  async #removeOne(key: string): Promise<void> {
    try {
      await this.#client.call("DeleteObject", { attemptMs: callMs }, (client, options) =>
        client.send(new DeleteObjectCommand(this.#client.at(key)), options),
      );
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

/** How servers say that they do not know the call, or not in this form. */
const lacks: readonly number[] = [400, 404, 405, 501];
