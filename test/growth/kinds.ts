// What clients do over and over, for looks at what that leaves in memory.
import { administrator } from "../gc/race/accounts.ts";
import { bytes, configType, layerType, ociImage } from "../registry/builders.ts";
import { sha256 } from "../support/bytes.ts";
import { type Answered, type Send, uploadIdIn } from "./server.ts";

/** One kind: `act` is done over and over, with another number each time. */
export interface Kind {
  readonly act: (send: Send, at: number) => Promise<unknown>;
  /** Done once, before. */
  readonly prepare?: (send: Send) => Promise<unknown>;
}

const repository = "/v2/team/app";
/** Digest of the blob of 4 MiB. */
export const large = sha256(contentOf(9, 2 ** 22));
const [kept, objects] = [sha256(contentOf(0, 1_024)), "/v1/buckets/growth/objects"];
const typed = { authorization: administrator, "content-type": ociImage };
const octets = { authorization: administrator, "content-type": "application/octet-stream" };

/** Different for each number. */
function contentOf(at: number, length: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(length);
  new DataView(content.buffer).setUint32(0, at);
  return content;
}

const config = { mediaType: configType, digest: kept, size: 1_024 };
const manifestOf = (at: number): Uint8Array =>
  bytes({
    ...{ schemaVersion: 2, mediaType: ociImage, layers: [], annotations: { at: String(at) } },
    config,
  });

const push = (send: Send, at: number, length: number): Promise<Answered> => {
  const body = contentOf(at, length);
  return send(201, "POST", `${repository}/blobs/uploads/?digest=${sha256(body)}`, {
    ...{ headers: octets, body },
  });
};

const putManifest = (send: Send, at: number): Promise<Answered> =>
  send(201, "PUT", `${repository}/manifests/tag-${at % 50}`, {
    ...{ headers: typed, body: manifestOf(at) },
  });

/** An image with the tag `large`, which has one layer of 4 MiB. */
async function largeImage(send: Send): Promise<void> {
  await push(send, 0, 1_024);
  await push(send, 9, 2 ** 22);
  const layers = [{ mediaType: layerType, digest: large, size: 2 ** 22 }];
  const body = bytes({ schemaVersion: 2, mediaType: ociImage, layers, config });
  await send(201, "PUT", `${repository}/manifests/large`, { headers: typed, body });
}

async function image(send: Send): Promise<void> {
  await push(send, 0, 1_024);
  await putManifest(send, 0);
}

/** Three chunks of 100 KB, and a closing PUT. */
async function chunked(send: Send, at: number): Promise<void> {
  const [body, chunk] = [contentOf(at % 40, 300_000), 100_000];
  let answer = await send(202, "POST", `${repository}/blobs/uploads/`);
  const place = () => answer.headers.get("location") ?? "";
  for (let sent = 0; sent < body.byteLength; sent += chunk) {
    const init = { headers: octets, body: body.slice(sent, sent + chunk) };
    answer = await send(202, "PATCH", place(), init);
  }
  const closing = `${place()}${place().includes("?") ? "&" : "?"}digest=${sha256(body)}`;
  await send(201, "PUT", closing);
}

const bucket = (send: Send): Promise<Answered> =>
  send([201, 409], "POST", "/v1/buckets", { body: JSON.stringify({ name: "growth" }) });

async function object(send: Send, at: number): Promise<void> {
  const path = `${objects}/o${at}`;
  await send([200, 201], "PUT", path, { headers: octets, body: contentOf(at % 200, 1_024) });
  await send(200, "GET", path);
  await send([202, 204], "DELETE", path);
}

/** Three parts of 100 KB. */
async function parts(send: Send, at: number): Promise<void> {
  const uploads = "/v1/buckets/growth/multipart-uploads";
  const body = JSON.stringify({ object: `in-parts-${at % 20}` });
  const { text } = await send(201, "POST", uploads, { body });
  const path = `${uploads}/${uploadIdIn(text)}`;
  const sent = [1, 2, 3].map(async (number) => {
    const part = { headers: octets, body: contentOf(number, 100_000) };
    const { headers } = await send([200, 201], "PUT", `${path}/parts/${number}`, part);
    return { part_number: number, etag: headers.get("etag") };
  });
  const list = JSON.stringify({ parts: await Promise.all(sent) });
  await send([200, 201], "POST", `${path}/complete`, { body: list });
}

/** All of them, each for a server of its own. */
export const residentKinds: Readonly<Record<string, Kind>> = {
  "GET /v2/, with a login": { act: (send) => send(200, "GET", "/v2/") },
  "GET of a manifest": {
    prepare: image,
    act: (send) => send(200, "GET", `${repository}/manifests/tag-0`),
  },
  "PUT of a manifest": { prepare: image, act: putManifest },
  "HEAD of a blob": {
    prepare: image,
    act: (send) => send(200, "HEAD", `${repository}/blobs/${kept}`),
  },
  "GET of a blob of 1 KiB": {
    prepare: image,
    act: (send) => send(200, "GET", `${repository}/blobs/${kept}`),
  },
  "GET of a blob of 4 MiB": {
    prepare: largeImage,
    act: (send) => send(200, "GET", `${repository}/blobs/${large}`),
  },
  "POST of a new blob of 1 KiB": { act: (send, at) => push(send, at, 1_024) },
  "upload of 300 KB in three chunks": { act: chunked },
  "object: PUT, GET, DELETE": { prepare: bucket, act: object },
  "object in three parts": { prepare: bucket, act: parts },
  "page of tags": {
    prepare: image,
    act: (send) => send(200, "GET", `${repository}/tags/list?n=50`),
  },
  "page of /v1/repositories": {
    prepare: image,
    act: (send) => send(200, "GET", "/v1/repositories"),
  },
};
