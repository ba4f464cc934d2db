// A data directory with an upload in parts that nobody has completed yet, and what must be so after its server was killed meanwhile.
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { UploadId } from "../../src/model/uploadId.ts";
import { bucket, openMultipartRoom } from "../jobs/multipartRoom.ts";
import { startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import { waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { type DataTemplate, keepAsTemplate } from "../support/template.ts";
import { eager } from "./sweptTemplate.ts";

/** Of each part. */
const text = (number: number): string =>
  Buffer.from(randomBytes(`part ${number}`, 50_000)).toString("base64");
const texts = [1, 2, 3].map(text);
const whole = texts.join("");
const object = "path/to/it";
const tenYearsMs = 3650 * 24 * 3_600_000;

/** A directory to copy. */
export interface CompletionTemplate extends Pick<DataTemplate, "copy"> {
  readonly upload: UploadId;
  /** Files and folders that a completion touches, from the data directory. */
  readonly touched: readonly string[];
}

/** Makes it. */
export async function makeCompletionTemplate(scope: Scope): Promise<CompletionTemplate> {
  const room = await openMultipartRoom();
  try {
    const upload = await room.initiate(object, tenYearsMs);
    for (const [index, part] of texts.entries()) {
      await room.part(upload, index + 1, part, tenYearsMs);
    }
    const template = await keepAsTemplate(scope, room.store);
    const folder = join("tmp", "multipart", upload);
    const names = await readdir(join(template.directory, folder));
    const prefix = sha256(whole).slice("sha256:".length).slice(0, 2);
    return {
      upload,
      touched: [
        ...["", "whole", ...names].map((name) => join(folder, name)),
        join("blobs", "sha256", prefix),
      ],
      copy: template.copy,
    };
  } finally {
    await room.store.remove();
  }
}

const bucketPath = `/v1/buckets/${bucket}`;
const ask = (url: string, path: string, init: RequestInit = {}) =>
  fetch(`${url}${bucketPath}/${path}`, { ...init, keepalive: false });

/** Completes the upload with all its parts. @returns the answer, or null when the server was killed before it came. */
export async function complete(url: string, parts: readonly unknown[], upload: UploadId) {
  const body = JSON.stringify({ parts });
  const path = `multipart-uploads/${upload}/complete`;
  return ask(url, path, { method: "POST", body }).catch(() => null);
}

/** The upload's parts; null when it is not open. */
export async function listedParts(
  url: string,
  upload: UploadId,
): Promise<readonly unknown[] | null> {
  const answer = await ask(url, `multipart-uploads/${upload}/parts`);
  return answer.status === 200 ? JSON.parse(await answer.text()).parts : null;
}

/** Starts a server again where one was killed, and completes the upload again. @param parts as they were listed before. */
export async function expectResumable(
  scope: Scope,
  data: string,
  { upload }: Pick<CompletionTemplate, "upload">,
  parts: readonly unknown[],
): Promise<"open" | "done"> {
  const server = await startBreadbox(scope, { data, env: eager });
  const left = await listedParts(server.url, upload);
  if (left === null) await expectObject(server.url);
  else expect(left).toEqual([...parts]);
  const again = await complete(server.url, parts, upload);
  expect(again?.status).toBe(200);
  expect(JSON.parse((await again?.text()) ?? "")).toMatchObject({ digest: sha256(whole) });
  await expectObject(server.url);
  const folders = ["multipart", "discarded"].map((name) => join(data, "tmp", name));
  const isTidy = async () =>
    (await Promise.all(folders.map((folder) => readdir(folder)))).flat().length === 0;
  await waitFor("the last staged file to go", isTidy, { explain: server.logs });
  await server.stop();
  expect(await problemsOf(data)).toEqual([]);
  return left === null ? "done" : "open";
}

async function expectObject(url: string): Promise<void> {
  const answer = await ask(url, `objects/${object}`);
  expect([answer.status, await answer.text()]).toEqual([200, whole]);
}
