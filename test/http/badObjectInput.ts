// A server with a bucket, an object and an upload in parts, and what has to hold of them after any bad request.
import { beforeAll, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { request } from "../support/rawHttp.ts";
import { ask, type BadInput, refuse, type Target } from "./badInput.ts";
import { seededTarget } from "./target.ts";

/** The bucket that holds the object `kept/file`. */
export const bucket = "/v1/buckets/lab";
export const object = `${bucket}/objects/kept/file`;
export const uploads = `${bucket}/multipart-uploads`;
export const keptBytes = "kept bytes";
export const json: [string, string] = ["Content-Type", "application/json"];
/** Parts 1 and 2 of every upload that `openUpload` opens. */
const partTexts = ["part one", "part two"];

/** A target with an upload in it that nothing may touch. */
export interface ObjectTarget extends Target {
  /** Path of the upload. */
  readonly upload: string;
}

async function send(port: number, sent: Buffer, status: number): Promise<string> {
  const answer = await ask(port, sent);
  expect([answer.status, answer.body.toString()]).toEqual([status, expect.any(String)]);
  return answer.body.toString();
}

/** Opens an upload with two parts. @returns its path. */
export async function openUpload({ port }: Target): Promise<string> {
  const body = '{"object":"parts/file"}';
  const text = await send(port, request(`POST ${uploads}`, [json], body), 201);
  const { upload_id: id }: { upload_id: string } = JSON.parse(text);
  for (const [index, part] of partTexts.entries()) {
    await send(port, request(`PUT ${uploads}/${id}/parts/${index + 1}`, [], part), 200);
  }
  return `${uploads}/${id}`;
}

/** The parts of an upload, as a completion names them. */
export async function partsOf(
  { port }: Target,
  upload: string,
): Promise<readonly { readonly part_number: number; readonly etag: string }[]> {
  const text = await send(port, request(`GET ${upload}/parts`), 200);
  const { parts }: { parts: readonly { part_number: number; etag: string }[] } = JSON.parse(text);
  return parts.map(({ part_number, etag }) => ({ part_number, etag }));
}

/** A server for all tests of a file: the image of `seededTarget`, the bucket, the object and an upload. */
export function objectTarget(): () => ObjectTarget {
  const target = seededTarget();
  let upload = "";
  beforeAll(async () => {
    const { port } = target();
    await send(port, request("POST /v1/buckets", [json], '{"name":"lab"}'), 201);
    await send(port, request(`PUT ${object}`, [], keptBytes), 201);
    upload = await openUpload(target());
  });
  return () => ({ ...target(), upload });
}

/** Everything a bad request must leave as it was. */
export async function storedObjects({ port, data, upload }: ObjectTarget): Promise<unknown> {
  const get = (path: string) => send(port, request(`GET ${path}`), 200);
  const { uploads: open }: { uploads: readonly { upload_id: string }[] } = JSON.parse(
    await get(uploads),
  );
  const multipart = join(data, "tmp", "multipart");
  const staged = await readdir(join(multipart, upload.split("/").at(-1) ?? ""));
  return {
    buckets: await get("/v1/buckets"),
    objects: await get(`${bucket}/objects`),
    content: await get(object),
    uploads: open.length,
    parts: await get(`${upload}/parts`),
    folders: (await readdir(multipart)).length,
    // What is put together in the background stands beside them.
    files: staged.filter((name) => name.startsWith("part-")).sort(),
  };
}

/** Declares one test for each case. */
export function refusesObjects(target: () => ObjectTarget, cases: readonly BadInput[]): void {
  for (const bad of cases) {
    test(`${bad.what} is answered with ${bad.status} ${bad.code ?? "by the runtime"}`, async () => {
      // What is opened for a request is there before it is looked at.
      const sent = typeof bad.send === "function" ? await bad.send(target()) : bad.send;
      const before = await storedObjects(target());
      await refuse(target(), { ...bad, send: sent });
      expect(await storedObjects(target())).toEqual(before);
    });
  }
}
