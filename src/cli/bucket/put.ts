// `breadbox bucket put`: a file, or standard input, becomes an object.

import { showBytes } from "../../amounts.ts";
import {
  type BucketAddress,
  bucketPath,
  lastSegment,
  readDestination,
  showAddress,
} from "../../client/address.ts";
import type { ObjectInfo } from "../../client/answers.ts";
import type { Client } from "../../client/client.ts";
import { LocalFile } from "../../client/pieces.ts";
import { CommandError, LineError, RefusedError, StoppedError } from "../../client/problems.ts";
import { type PutOptions, putFile } from "../../client/putFile.ts";
import { abandon, type PutDeps, type Upload } from "../../client/putParts.ts";
import type { Patience } from "../../client/retry.ts";
import { count, duration, size } from "../../config/values.ts";
import { plainText } from "../../plainText.ts";
import { exitCode } from "../exitCode.ts";
import { print, printJson } from "../print.ts";
import { type Options, textOf } from "../settingFlags.ts";
import { putInput } from "./putInput.ts";
import { readOption, sentenceOf, withServer } from "./session.ts";
import { Transfer } from "./transfer.ts";

const standardInput = "-";
/** Parts, or small files, at the same time. */
export const defaultParallel = 4;

/** Puts `path` as an object. @returns 0 when it is stored, as it was read. @throws ConfigError */
export function put(path: string, destination: string, options: Options): Promise<number> {
  return withServer("bucket put", options, async (client) => {
    const name = path === standardInput ? null : lastSegment(path);
    const target = readDestination(destination, name);
    const asked: PutOptions = {
      partBytes: readOption(size("1KiB", "1TiB"), "--part-size", textOf(options, "partSize")),
      parallel:
        readOption(count(1, 64), "--parallel", textOf(options, "parallel")) ?? defaultParallel,
    };
    const forMs = readRetryFor(options);
    const stored =
      name === null
        ? await fromInput({ client, target, asked, forMs, options })
        : await fromFile(path, { client, target, asked, forMs, options });
    if (options["json"] === true) printJson(stored);
    else print(storedText(stored));
    return exitCode.done;
  });
}

const defaultRetryFor = "10m";

/** How long what fails is tried again, ms. @throws UsageError */
export const readRetryFor = (options: Options): number =>
  readOption(
    duration("0", "3650d"),
    "--retry-for",
    textOf(options, "retryFor") ?? defaultRetryFor,
  ) ?? 0;

interface Request {
  readonly client: Client;
  readonly target: BucketAddress;
  readonly asked: PutOptions;
  readonly forMs: number;
  readonly options: Options;
}

async function fromFile(path: string, request: Request): Promise<ObjectInfo> {
  const { client, target, asked, options } = request;
  const file = await LocalFile.open(path);
  try {
    await assertBucket(client, target);
    using transfer = new Transfer("asking", file.size);
    const deps = depsOf(request, transfer, textOf(options, "contentType") ?? typeOf(path));
    const open = new OpenUpload();
    const job = { ...deps, file, transfer, options: asked, onUpload: open.set };
    return await putFile(job).catch((error: unknown) => {
      throw brokenOff(error, open.upload, { transfer, request });
    });
  } finally {
    await file.close();
  }
}

async function fromInput(request: Request): Promise<ObjectInfo> {
  const { client, target, asked, options } = request;
  await assertBucket(client, target);
  using transfer = new Transfer("sending", 0);
  const deps = depsOf(request, transfer, textOf(options, "contentType") ?? octets);
  const open = new OpenUpload();
  try {
    return await putInput({ ...deps, transfer, options: asked, onUpload: open.set });
  } catch (error) {
    if (open.upload !== null) await abandon(deps, open.upload);
    throw error;
  }
}

/** The upload that is left when a put ends early; null before there is one. */
class OpenUpload {
  upload: Upload | null = null;
  readonly set = (upload: Upload): void => {
    this.upload = upload;
  };
}

function depsOf(
  { client, target, forMs }: Request,
  transfer: Transfer,
  contentType: string,
): PutDeps {
  const { stop, say, add } = transfer;
  const outage = { isTold: false };
  const patience: Patience = { stop, forMs, url: client.url, say, outage };
  return { client, target, contentType, patience, onBytes: add };
}

const octets = "application/octet-stream";

/** By the end of the file's name, without parameters that would need the file's contents. */
export const typeOf = (path: string): string => Bun.file(path).type.split(";")[0] || octets;

/** Asked first, and once: a wrong name or a server that is not there should be known before anything is read. */
export async function assertBucket(client: Client, { bucket }: BucketAddress): Promise<void> {
  await client.done(bucketPath(bucket), {}).catch((error: unknown) => {
    if (!(error instanceof RefusedError) || error.code !== "BUCKET_UNKNOWN") throw error;
    throw new CommandError(
      `There is no bucket ${bucket}. Create it: breadbox bucket create ${bucket}`,
    );
  });
}

/** Prints what stays and how to resume, before the error. @returns the error to throw. */
function brokenOff(
  error: unknown,
  upload: Upload | null,
  { transfer, request }: { readonly transfer: Transfer; readonly request: Request },
): unknown {
  const { client, target, options } = request;
  if (upload === null) return error;
  const { id, stored } = upload;
  const server = textOf(options, "server") === undefined ? "" : ` --server ${client.url}`;
  const lines = [
    `The upload stays open with ${stored.size} part${stored.size === 1 ? "" : "s"}. To go on, run the same command again.`,
    `To abort it: breadbox bucket uploads abort ${target.bucket} ${id}${server}`,
  ];
  if (error instanceof StoppedError) {
    transfer.say(["Stopped.", ...lines].join("\n"));
    return error;
  }
  const sentence = sentenceOf(error, client.url);
  if (sentence === null) return error;
  if (isGone(error)) {
    return new CommandError(`${sentence}\nTo begin anew, run the same command again.`);
  }
  return new CommandError([gaveUp(error, sentence), ...lines].join("\n"));
}

/** It was aborted, or has expired. */
const isGone = (error: unknown): boolean =>
  error instanceof RefusedError && error.code === "MULTIPART_UPLOAD_UNKNOWN";

/** A server that answered a minute ago needs no advice to start it. */
const gaveUp = (error: unknown, sentence: string): string =>
  error instanceof LineError && error.code === "ECONNREFUSED"
    ? "The server does not answer any more."
    : sentence;

const storedText = (stored: ObjectInfo): string =>
  `Stored ${plainText(showAddress(stored))} (${showBytes(stored.size_bytes)})\n${stored.digest}`;
