// Calls on S3's multipart uploads: parts that become one object when they are completed.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { type BucketClient, bareEtag, callMs, longCallMs, sendMs } from "./client.ts";
import { isUploadGone } from "./failures.ts";
import type { Span } from "./objects.ts";

/** An S3 upload, under a key. */
export interface Upload {
  readonly key: string;
  readonly upload: string;
}

/** A listed upload. */
export interface ListedUpload extends Upload {
  /** Unix ms. */
  readonly startedAt: number;
}

/** A part of an upload. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

/** S3 uploads of one bucket. @throws S3Error, `NoSuchUpload` when the upload has ended. */
export class Uploads {
  readonly #client: BucketClient;

  constructor(client: BucketClient) {
    this.#client = client;
  }

  /** @returns the upload's id. An answer that is lost leaves an upload that nobody knows; `list` finds it. */
  async create(key: string): Promise<string> {
    const { UploadId } = await this.#client.call(
      "CreateMultipartUpload",
      { attemptMs: callMs },
      (client, options) =>
        client.send(new CreateMultipartUploadCommand(this.#client.at(key)), options),
    );
    if (UploadId === undefined) throw new Error("S3 gave no id for an upload");
    return UploadId;
  }

  /** Sends a part. @returns its ETag. */
  async send(to: Upload, number: number, body: Uint8Array, signal?: AbortSignal): Promise<string> {
    const bytes = { Body: body, ContentLength: body.byteLength };
    const input = { ...this.#of(to), PartNumber: number, ...bytes };
    const limits = { attemptMs: sendMs(body.byteLength), signal };
    const { ETag } = await this.#client.call("UploadPart", limits, (client, options) =>
      client.send(new UploadPartCommand(input), options),
    );
    return bareEtag(ETag);
  }

  /** Makes a part of another object's bytes, on the server; null: of all of them. @returns its ETag. */
  async copy(to: Upload, number: number, from: string, span: Span | null): Promise<string> {
    const range = span === null ? {} : { CopySourceRange: `bytes=${span.start}-${span.end - 1}` };
    const source = { CopySource: this.#client.source(from), ...range };
    const input = { ...this.#of(to), PartNumber: number, ...source };
    const answer = await this.#client.call(
      "UploadPartCopy",
      { attemptMs: longCallMs },
      (client, options) => client.send(new UploadPartCopyCommand(input), options),
    );
    return bareEtag(answer.CopyPartResult?.ETag);
  }

  /** Every part, by number. @returns null when the upload has ended. */
  async parts(of: Upload): Promise<readonly UploadedPart[] | null> {
    const found: UploadedPart[] = [];
    let after: string | undefined;
    do {
      const input = { ...this.#of(of), PartNumberMarker: after };
      const page = await this.#client
        .call("ListParts", { attemptMs: callMs }, (client, options) =>
          client.send(new ListPartsCommand(input), options),
        )
        .catch(orGone);
      if (page === null) return null;
      for (const { PartNumber = 0, ETag, Size = 0 } of page.Parts ?? []) {
        found.push({ number: PartNumber, etag: bareEtag(ETag), size: Size });
      }
      after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (after !== undefined);
    return found.sort((a, b) => a.number - b.number);
  }

  /** @returns false when the upload has ended: it may have been completed by a call whose answer was lost. */
  async complete(
    of: Upload,
    parts: readonly Pick<UploadedPart, "number" | "etag">[],
  ): Promise<boolean> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: `"${etag}"` }));
    const input = { ...this.#of(of), MultipartUpload: { Parts } };
    const answer = await this.#client
      .call("CompleteMultipartUpload", { attemptMs: longCallMs }, (client, options) =>
        client.send(new CompleteMultipartUploadCommand(input), options),
      )
      .catch(orGone);
    return answer !== null;
  }

  /** Aborting what has ended is not an error. */
  async abort(of: Upload): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#of(of));
    await this.#client
      .call("AbortMultipartUpload", { attemptMs: callMs }, (client, options) =>
        client.send(command, options),
      )
      .catch(orGone);
  }

  /** Every upload that is neither completed nor aborted and whose key begins so, in batches. */
  async *list(under: string): AsyncGenerator<readonly ListedUpload[]> {
    const { bucket, prefix } = this.#client;
    let after: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | null = {};
    while (after !== null) {
      const input: ListMultipartUploadsCommandInput = {
        ...{ Bucket: bucket, Prefix: prefix + under },
        ...after,
      };
      const page: ListMultipartUploadsCommandOutput = await this.#client.call(
        "ListMultipartUploads",
        { attemptMs: callMs },
        (client, options) => client.send(new ListMultipartUploadsCommand(input), options),
      );
      yield (page.Uploads ?? []).map(({ Key = "", UploadId = "", Initiated }) => ({
        key: Key.slice(prefix.length),
        upload: UploadId,
        startedAt: Initiated?.getTime() ?? 0,
      }));
      const { IsTruncated, NextKeyMarker = "", NextUploadIdMarker = "" } = page;
      after =
        IsTruncated === true
          ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker }
          : null;
    }
  }

  #of({ key, upload }: Upload) {
    return { ...this.#client.at(key), UploadId: upload };
  }
}

function orGone(error: unknown): null {
  if (isUploadGone(error)) return null;
  throw error;
}
