// A registry and one way to each answer that its documentation describes. Apart from the test because the list is long.
import { mostStreams } from "../../../src/http/liveFeed.ts";
import { operations } from "../../../src/http/operations.ts";
import { digestOf } from "../../../src/model/digest.ts";
import { parseRepositoryName } from "../../../src/model/names.ts";
import { readUploadId } from "../../../src/model/uploadId.ts";
import type { RawAnswer } from "../../support/rawHttp.ts";
import { fill } from "./addresses.ts";
import { imageType, type PushedImage, pushImage } from "./image.ts";
import { deployHook, openRegistry, type TestRegistry } from "./registry.ts";

const repository = "team/nested/app";
/** Address of the repository that holds the image. */
export const base = `/v2/${repository}`;
const absent = `sha256:${"0".repeat(64)}`;
const maxBodyBytes = 4096;

/** A registry with an image in it, and a session in which nothing is staged. */
export interface World {
  readonly registry: TestRegistry;
  readonly image: PushedImage;
  /** Address of the session. */
  readonly session: string;
}

/** Provokes one answer. */
export type Ask = (world: World) => Promise<RawAnswer>;
type Headers = Readonly<Record<string, string>>;

/** Opens a registry and pushes the image. */
export async function openWorld(): Promise<World> {
  const registry = await openRegistry({ maxBodyBytes, hooks: [deployHook] });
  const image = await pushImage(registry.url, { name: repository, tag: "1.0" });
  await pushImage(registry.url, { name: "another", tag: "1.0" });
  return { registry, image, session: await startSession(registry) };
}

/** @returns the new session's address. */
export async function startSession({ url }: TestRegistry): Promise<string> {
  const answer = await fetch(`${url}${base}/blobs/uploads/`, { method: "POST" });
  return answer.headers.get("location") ?? "";
}

/** One request as it stands here. */
export const send =
  (line: string, headers: Headers = {}, body: string | Uint8Array | null = null): Ask =>
  ({ registry }) =>
    registry.raw(line, Object.entries(headers), body);

/** Refused by every operation. */
export const badHost: Headers = { Host: "not a host" };
/** Refused by every operation that changes something. */
export const otherSite: Headers = { Origin: "https://example.com" };
const encoded: Headers = { "Content-Encoding": "gzip" };
const any = { "If-None-Match": "*" };

/** In a session of its own. */
const inSession =
  (method: string, query = "", headers: Headers = {}, body: string | null = null): Ask =>
  async ({ registry }) => {
    const address = await startSession(registry);
    return registry.raw(`${method} ${address}${query}`, Object.entries(headers), body);
  };

/** While another request writes to the session. */
const whileClaimed =
  (method: string, query = ""): Ask =>
  async ({ registry }) => {
    const address = await startSession(registry);
    const id = readUploadId(address.split("/").at(-1) ?? "");
    if (id === null) throw new Error(`no id in ${address}`);
    const { metadata } = registry.store.rooms;
    const claim = "another request";
    await metadata.uploads.claimUpload(id, parseRepositoryName(repository), claim);
    return registry.raw(`${method} ${address}${query}`, [], "x");
  };

const blob =
  (method: string, headers: Headers = {}): Ask =>
  (world) =>
    send(`${method} ${base}/blobs/${world.image.layerDigest}`, headers)(world);

const push = (body: string, headers: Headers = {}): Ask =>
  send(`PUT ${base}/manifests/2.0`, { "Content-Type": imageType, ...headers }, body);

/** Query that names the digest of the body `x`. */
export const x = `?digest=${digestOf(Buffer.from("x"))}`;
const unknownSession = `${base}/blobs/uploads/01a1f7e5-93cb-728c-8028-5a61b9c8f780`;
const outOfOrder: Headers = { "Content-Range": "5-5" };
const manyTags = Array.from({ length: 101 }, (_, number) => `tag=${number}`).join("&");
const tooLarge = "x".repeat(maxBodyBytes + 1);

const pushAs =
  (tag: string): Ask =>
  (world) =>
    send(
      `PUT ${base}/manifests/${tag}`,
      { "Content-Type": imageType },
      world.image.manifest,
    )(world);
const pushX = send(`POST ${base}/blobs/uploads/${x}`, {}, "x");

/** What `line` is answered with after `before`. */
const first =
  (before: Ask, line: string | Ask): Ask =>
  async (world) => {
    await before(world);
    return typeof line === "string" ? send(line)(world) : line(world);
  };

const compared = `/v1/repositories/${repository}/-/comparison/`;
const deletion = (tag: string, more: object = {}): Ask =>
  send("POST /v1/deletions", {}, JSON.stringify({ targets: [`${repository}:${tag}`], ...more }));

const unknownRun = "/v1/gc/runs/01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55";

/** The last of many who listen; those before it leave. */
async function hearing({ registry }: World, many: number): Promise<RawAnswer> {
  const all: Response[] = [];
  for (let count = 0; count < many; count += 1) {
    all.push(await fetch(`${registry.url}/v1/events?topics=gc`));
  }
  const last = all.pop();
  if (last === undefined) throw new Error("nobody listens");
  const whole = last.status === 200 ? await last.body?.getReader().read() : null;
  const body =
    whole?.value ?? new Uint8Array(await last.arrayBuffer().catch(() => new ArrayBuffer()));
  for (const other of all) await other.body?.cancel();
  const headers = new Map(last.headers);
  return { status: last.status, headers, body: Buffer.from(body) };
}

/** While no collection is running. */
const collect =
  (headers: Headers = {}, body: string | null = null): Ask =>
  async (world) => {
    // A database that cannot be read is what some of the tests want.
    await world.registry.gcRuns.ended().catch(() => {});
    return send("POST /v1/gc", headers, body)(world);
  };

/** About a run that has begun. */
const askRun =
  (method: string): Ask =>
  async (world) => {
    const { headers } = await collect()(world);
    return send(`${method} ${headers.get("location")}`)(world);
  };

/** How an operation that reads is asked for an answer: for what is there, for what is there and known, and in no repository. */
const reading: Readonly<Record<string, (line: (name: string) => string) => Ask>> = {
  200: (line) => send(line(repository)),
  304: (line) => send(line(repository), any),
  404: (line) => send(line("nobody")),
};

/** What every operation that reads is asked, unless another way to the answer is written below. */
const usual = operations
  .filter(({ method, tag }) => (method === "GET" || method === "HEAD") && tag !== "access")
  .flatMap(({ id, method, path, doc }) =>
    Object.keys(doc?.().responses ?? {}).flatMap((status): [string, Ask][] => {
      const line = (name: string) =>
        `${method} ${fill(path, { ":name": name, ":reference": "1.0" })}`;
      const ask = reading[status]?.(line);
      return ask === undefined ? [] : [[`${id} ${status}`, ask]];
    }),
  );

/** One way to each answer of a healthy server. */
export const healthy: Readonly<Record<string, Ask>> = {
  ...Object.fromEntries(usual),
  "getManifest 404": send(`GET ${base}/manifests/3.0`),
  "headManifest 404": send(`HEAD ${base}/manifests/3.0`),
  "listPushes 200": send(`GET /v1/repositories/${repository}/history/1.0`),
  "listPushes 400": send(`GET /v1/repositories/UPPER/history/1.0`),
  "listPushes 404": send(`GET /v1/repositories/${repository}/history/3.0`),
  "headPushes 200": send(`HEAD /v1/repositories/${repository}/history/1.0`),
  "headPushes 400": send(`HEAD /v1/repositories/UPPER/history/1.0`),
  "headPushes 404": send(`HEAD /v1/repositories/${repository}/history/3.0`),
  "compareImages 200": send(`GET ${compared}1.0?with=1.0`),
  "headImages 200": send(`HEAD ${compared}1.0?with=1.0`),
  "headImages 404": send(`HEAD ${compared}3.0?with=1.0`),
  "compareImages 404": send(`GET ${compared}3.0?with=1.0`),
  "deleteByPlan 200": deletion("1.0"),
  "deleteByPlan 403": first(pushAs("locked"), async (world) => {
    const plan = JSON.parse((await deletion("locked")(world)).body.toString()).plan.id;
    return deletion("locked", { plan })(world);
  }),
  "deleteByPlan 409": deletion("1.0", { plan: "another" }),
  "deleteByPlan 413": send("POST /v1/deletions", {}, " ".repeat(600_000)),
  "deleteByPlan 415": send("POST /v1/deletions", encoded, "{}"),
  "putManifest 201": (world) => push(world.image.manifest)(world),
  "putManifest 403": async (world) => {
    const put = `PUT ${base}/manifests/locked`;
    const headers = { "Content-Type": imageType };
    await send(put, headers, world.image.manifest)(world);
    return send(put, headers, `${world.image.manifest} `)(world);
  },
  "putManifest 414": ({ registry, image }) =>
    registry.raw(
      `PUT ${base}/manifests/${image.digest}?${manyTags}`,
      [["Content-Type", imageType]],
      image.manifest,
    ),
  "putManifest 413": push(" ".repeat(1_048_577)),
  "putManifest 415": push("{}", encoded),
  "deleteManifest 202": first(pushAs("2.0"), `DELETE ${base}/manifests/2.0`),
  "deleteManifest 403": first(pushAs("locked"), `DELETE ${base}/manifests/locked`),
  "deleteManifest 404": send(`DELETE ${base}/manifests/3.0`),
  "getBlob 200": blob("GET"),
  "getBlob 206": blob("GET", { Range: "bytes=0-9" }),
  "getBlob 304": blob("GET", any),
  "getBlob 404": send(`GET ${base}/blobs/${absent}`),
  "getBlob 416": blob("GET", { Range: "bytes=5000-" }),
  "headBlob 200": blob("HEAD"),
  "headBlob 304": blob("HEAD", any),
  "headBlob 404": send(`HEAD ${base}/blobs/${absent}`),
  "deleteBlob 202": first(pushX, `DELETE ${base}/blobs/${digestOf(Buffer.from("x"))}`),
  "deleteBlob 404": send(`DELETE ${base}/blobs/${absent}`),
  "deleteBlob 405": blob("DELETE"),
  "startUpload 201": send(`POST ${base}/blobs/uploads/${x}`, {}, "x"),
  "startUpload 202": send(`POST ${base}/blobs/uploads/`),
  "startUpload 413": send(`POST ${base}/blobs/uploads/${x}`, {}, tooLarge),
  "startUpload 415": send(`POST ${base}/blobs/uploads/${x}`, encoded, "x"),
  "startUpload 416": send(`POST ${base}/blobs/uploads/${x}`, outOfOrder, "x"),
  "getUpload 204": inSession("GET"),
  "getUpload 404": send(`GET ${unknownSession}`),
  "headUpload 204": inSession("HEAD"),
  "headUpload 404": send(`HEAD ${unknownSession}`),
  "appendUpload 202": inSession("PATCH", "", {}, "x"),
  "appendUpload 404": send(`PATCH ${unknownSession}`, {}, "x"),
  "appendUpload 413": inSession("PATCH", "", {}, tooLarge),
  "appendUpload 415": inSession("PATCH", "", encoded, "x"),
  "appendUpload 416": inSession("PATCH", "", outOfOrder, "x"),
  "appendUpload 429": whileClaimed("PATCH"),
  "finishUpload 201": inSession("PUT", x, {}, "x"),
  "finishUpload 404": send(`PUT ${unknownSession}${x}`, {}, "x"),
  "finishUpload 413": inSession("PUT", x, {}, tooLarge),
  "finishUpload 415": inSession("PUT", x, encoded, "x"),
  "finishUpload 416": inSession("PUT", x, outOfOrder, "x"),
  "finishUpload 429": whileClaimed("PUT", x),
  "cancelUpload 204": inSession("DELETE"),
  "cancelUpload 404": send(`DELETE ${unknownSession}`),
  "endUpload 204": async (world) => {
    const id = (await startSession(world.registry)).split("/").at(-1);
    return send(`DELETE /v1/uploads/${id}`)(world);
  },
  "endUpload 404": send(unknownSession.replace(`${base}/blobs`, "DELETE /v1")),
  "getEvents 200": (world) => hearing(world, 1),
  "getEvents 503": (world) => hearing(world, mostStreams + 1),
  "headEvents 200": send("HEAD /v1/events?topics=gc"),
  "explainContent 200": send(`GET /v1/why?name=${repository}:1.0`),
  "explainContent 404": send(`GET /v1/why?name=${repository}:3.0`),
  "headContent 200": send(`HEAD /v1/why?name=${repository}:1.0`),
  "headContent 404": send(`HEAD /v1/why?name=${repository}:3.0`),
  "startGc 202": collect(),
  "startGc 409": async (world) => {
    await collect()(world);
    return send("POST /v1/gc")(world);
  },
  "startGc 413": collect({}, " ".repeat(4097)),
  "startGc 415": collect(encoded, "{}"),
  "getGcRun 200": askRun("GET"),
  "getGcRun 404": send(`GET ${unknownRun}`),
  "headGcRun 200": askRun("HEAD"),
  "headGcRun 404": send(`HEAD ${unknownRun}`),
  "listWebhooks 200": send("GET /v1/webhooks"),
  "headWebhooks 200": send("HEAD /v1/webhooks"),
  "listDeadLetters 200": send("GET /v1/webhooks/deploy/dead-letters"),
  "listDeadLetters 404": send("GET /v1/webhooks/none/dead-letters"),
  "headDeadLetters 200": send("HEAD /v1/webhooks/deploy/dead-letters"),
  "headDeadLetters 404": send("HEAD /v1/webhooks/none/dead-letters"),
  "retryDeadLetters 202": send("POST /v1/webhooks/deploy/retry"),
  "retryDeadLetters 404": send("POST /v1/webhooks/none/retry"),
  "testWebhook 202": send("POST /v1/webhooks/deploy/test"),
  "testWebhook 404": send("POST /v1/webhooks/none/test"),
};

/** Of ways to answers, those that succeed, by operation. */
export const succeeding = (answers: Readonly<Record<string, Ask>>): Readonly<Record<string, Ask>> =>
  Object.fromEntries(
    Object.entries(answers)
      .filter(([key]) => / 20\d$/.test(key))
      .map(([key, ask]) => [key.split(" ")[0] ?? "", ask]),
  );

/** A request to each operation that would succeed. */
export const plain: Readonly<Record<string, Ask>> = {
  ...succeeding(healthy),
  headUpload: (world) => send(`HEAD ${world.session}`)(world),
  getUpload: (world) => send(`GET ${world.session}`)(world),
  appendUpload: (world) => send(`PATCH ${world.session}`, {}, "x")(world),
  finishUpload: (world) => send(`PUT ${world.session}${x}`, {}, "x")(world),
  cancelUpload: (world) => send(`DELETE ${world.session}`)(world),
  deleteManifest: send(`DELETE ${base}/manifests/1.0`),
  deleteBlob: blob("DELETE"),
  endUpload: send(unknownSession.replace(`${base}/blobs`, "DELETE /v1")),
  getGcRun: send(`GET ${unknownRun}`),
  headGcRun: send(`HEAD ${unknownRun}`),
};
