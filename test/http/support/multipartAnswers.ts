// One way to each answer that the documentation of uploads in parts describes. Apart from documentedAnswers.ts because that list is
// long.
import { parseBucketName } from "../../../src/model/objectNames.ts";
import { makeUploadId } from "../../../src/model/uploadId.ts";
import { type Ask, send, type World } from "./documentedAnswers.ts";
import { errorOf } from "./registry.ts";

const bucket = "/v1/buckets/backups";
const uploads = `${bucket}/multipart-uploads`;
const nowhere = "/v1/buckets/nothing/multipart-uploads";
const unknown = `${uploads}/01a1f7e5-93cb-728c-8028-5a61b9c8f780`;
const encoded = { "Content-Encoding": "gzip" };
const wish = '{"object":"path/to/file"}';
/** Of the one part that an upload here has. */
const text = "x";

/** Begins an upload. @returns its address. */
export async function begin(world: World): Promise<string> {
  await send("POST /v1/buckets", {}, '{"name":"backups"}')(world);
  const { headers } = await send(`POST ${uploads}`, {}, wish)(world);
  return headers.get("location") ?? "";
}

/** In an upload of its own that has a part. @param ask is given the upload's address, and a list of its parts. */
const inUpload =
  (ask: (upload: string, list: string) => Ask): Ask =>
  async (world) => {
    const upload = await begin(world);
    const { body } = await send(`PUT ${upload}/parts/1`, {}, text)(world);
    return ask(upload, `{"parts":[${body}]}`)(world);
  };

/** While another request completes it. */
const whileCompleted = (ask: (upload: string, list: string) => Ask): Ask =>
  inUpload((upload, list) => async (world) => {
    const { metadata } = world.registry.store.rooms;
    const id = makeUploadId(upload.split("/").at(-1) ?? "");
    const claim = "another request";
    const key = { bucket: parseBucketName("backups"), id };
    await metadata.multipart.claimMultipart(key, claim, () => null);
    const answer = await ask(upload, list)(world);
    // A key is free again for the next request.
    await metadata.multipart.releaseMultipart(id, claim);
    if (errorOf(answer)["code"] !== "CONFLICT") throw new Error("refused for another reason");
    return answer;
  });

const about = (method: string, rest = ""): Ask =>
  inUpload((upload) => send(`${method} ${upload}${rest}`));
const put = (headers: Readonly<Record<string, string>>, body = text): Ask =>
  inUpload((upload) => send(`PUT ${upload}/parts/2`, headers, body));
const complete = (headers: Readonly<Record<string, string>> = {}): Ask =>
  inUpload((upload, list) => send(`POST ${upload}/complete`, headers, list));

/** By keys as in `healthy`. */
export const healthyMultipart: Readonly<Record<string, Ask>> = {
  "initiateMultipartUpload 201": async (world) => {
    await begin(world);
    return send(`POST ${uploads}`, {}, wish)(world);
  },
  "initiateMultipartUpload 404": send(`POST ${nowhere}`, {}, wish),
  "initiateMultipartUpload 413": send(`POST ${uploads}`, {}, " ".repeat(16_385)),
  "initiateMultipartUpload 415": send(`POST ${uploads}`, encoded, wish),
  "listMultipartUploads 200": inUpload(() => send(`GET ${uploads}?limit=1`)),
  "listMultipartUploads 404": send(`GET ${nowhere}`),
  "headMultipartUploads 200": inUpload(() => send(`HEAD ${uploads}`)),
  "headMultipartUploads 404": send(`HEAD ${nowhere}`),
  "getMultipartUpload 200": about("GET"),
  "getMultipartUpload 404": send(`GET ${unknown}`),
  "headMultipartUpload 200": about("HEAD"),
  "headMultipartUpload 404": send(`HEAD ${unknown}`),
  "abortMultipartUpload 204": about("DELETE"),
  "abortMultipartUpload 404": send(`DELETE ${unknown}`),
  "abortMultipartUpload 409": whileCompleted((upload) => send(`DELETE ${upload}`)),
  "listParts 200": about("GET", "/parts"),
  "listParts 404": send(`GET ${unknown}/parts`),
  "headParts 200": about("HEAD", "/parts"),
  "headParts 404": send(`HEAD ${unknown}/parts`),
  "putPart 200": put({}),
  "putPart 404": send(`PUT ${unknown}/parts/1`, {}, text),
  "putPart 409": whileCompleted((upload) => send(`PUT ${upload}/parts/1`, {}, text)),
  "putPart 413": put({}, "x".repeat(4097)),
  "putPart 415": put(encoded),
  "completeMultipartUpload 200": complete(),
  "completeMultipartUpload 404": send(
    `POST ${unknown}/complete`,
    {},
    '{"parts":[{"part_number":1,"etag":"x"}]}',
  ),
  "completeMultipartUpload 409": whileCompleted((upload, list) =>
    send(`POST ${upload}/complete`, {}, list),
  ),
  "completeMultipartUpload 412": complete({ "If-Match": '"another"' }),
  "completeMultipartUpload 413": inUpload((upload) =>
    send(`POST ${upload}/complete`, {}, " ".repeat(2_564_097)),
  ),
  "completeMultipartUpload 415": complete(encoded),
};

/** Requests of their own, where the way to an answer above needs others before it. */
export const plainMultipart: Readonly<Record<string, Ask>> = {
  initiateMultipartUpload: send(`POST ${uploads}`, {}, wish),
  listMultipartUploads: send(`GET ${uploads}`),
  headMultipartUploads: send(`HEAD ${uploads}`),
  getMultipartUpload: send(`GET ${unknown}`),
  headMultipartUpload: send(`HEAD ${unknown}`),
  abortMultipartUpload: send(`DELETE ${unknown}`),
  listParts: send(`GET ${unknown}/parts`),
  headParts: send(`HEAD ${unknown}/parts`),
  putPart: send(`PUT ${unknown}/parts/1`, {}, text),
  completeMultipartUpload: send(
    `POST ${unknown}/complete`,
    {},
    '{"parts":[{"part_number":1,"etag":"x"}]}',
  ),
};
