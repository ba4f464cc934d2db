// One way to each answer that the documentation of buckets and objects describes. Apart from documentedAnswers.ts because that list
// is long.
import { type Ask, send } from "./documentedAnswers.ts";

const bucket = "/v1/buckets/backups";
const object = `${bucket}/objects/path/to/file`;
const absent = `${bucket}/objects/nothing`;
const nowhere = "/v1/buckets/nothing";
const encoded = { "Content-Encoding": "gzip" };
const any = { "If-None-Match": "*" };
const another = { "If-Match": '"another"' };
const tooLarge = "x".repeat(4097);

/** The bucket and the object that most requests are about. */
const inBucket =
  (ask: Ask): Ask =>
  async (world) => {
    await send("POST /v1/buckets", {}, '{"name":"backups"}')(world);
    await send(`PUT ${object}`, {}, "content")(world);
    return ask(world);
  };

const about = (line: string, headers: Readonly<Record<string, string>> = {}): Ask =>
  inBucket(send(line, headers));
const put = (headers: Readonly<Record<string, string>>, body = "content"): Ask =>
  inBucket(send(`PUT ${object}`, headers, body));

/** A name that nothing has yet. */
const freshName = (): string => `fresh-${Bun.randomUUIDv7()}`;

/** In a bucket of its own. */
const inFreshBucket =
  (method: string): Ask =>
  async (world) => {
    const name = freshName();
    await send("POST /v1/buckets", {}, JSON.stringify({ name }))(world);
    return send(`${method} /v1/buckets/${name}`)(world);
  };

/** By keys as in `healthy`. */
export const healthyObjects: Readonly<Record<string, Ask>> = {
  "createBucket 201": (world) =>
    send("POST /v1/buckets", {}, JSON.stringify({ name: freshName() }))(world),
  "createBucket 409": inBucket(send("POST /v1/buckets", {}, '{"name":"backups"}')),
  "createBucket 413": send("POST /v1/buckets", {}, tooLarge),
  "createBucket 415": send("POST /v1/buckets", encoded, "{}"),
  "listBuckets 200": send("GET /v1/buckets"),
  "headBuckets 200": send("HEAD /v1/buckets"),
  "getBucket 200": about(`GET ${bucket}`),
  "getBucket 404": send(`GET ${nowhere}`),
  "headBucket 200": about(`HEAD ${bucket}`),
  "headBucket 404": send(`HEAD ${nowhere}`),
  "deleteBucket 204": inFreshBucket("DELETE"),
  "deleteBucket 404": send(`DELETE ${nowhere}`),
  "deleteBucket 409": about(`DELETE ${bucket}`),
  "listObjects 200": about(`GET ${bucket}/objects`),
  "listObjects 404": send(`GET ${nowhere}/objects`),
  "headObjects 200": about(`HEAD ${bucket}/objects`),
  "headObjects 404": send(`HEAD ${nowhere}/objects`),
  "getObject 200": about(`GET ${object}`),
  "getObject 206": about(`GET ${object}`, { Range: "bytes=0-2" }),
  "getObject 304": about(`GET ${object}`, any),
  "getObject 404": send(`GET ${absent}`),
  "getObject 412": about(`GET ${object}`, another),
  "getObject 416": about(`GET ${object}`, { Range: "bytes=5000-" }),
  "headObject 200": about(`HEAD ${object}`),
  "headObject 304": about(`HEAD ${object}`, any),
  "headObject 404": send(`HEAD ${absent}`),
  "headObject 412": about(`HEAD ${object}`, another),
  "putObject 200": put({}),
  "putObject 201": (world) =>
    inBucket(send(`PUT ${bucket}/objects/${freshName()}`, {}, "content"))(world),
  "putObject 404": send(`PUT ${nowhere}/objects/a`, {}, "content"),
  "putObject 412": put(any),
  "putObject 413": put({}, tooLarge),
  "putObject 415": put(encoded),
  "deleteObject 204": about(`DELETE ${object}`),
  "deleteObject 404": about(`DELETE ${absent}`),
  "deleteObject 412": about(`DELETE ${object}`, another),
};

/** Requests of their own, where the way to an answer above needs others before it. */
export const plainObjects: Readonly<Record<string, Ask>> = {
  createBucket: send("POST /v1/buckets", {}, '{"name":"backups"}'),
  deleteBucket: send(`DELETE ${bucket}`),
  putObject: send(`PUT ${object}`, {}, "content"),
  deleteObject: send(`DELETE ${object}`),
};
