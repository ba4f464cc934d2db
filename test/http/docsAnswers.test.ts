// The documentation against the server: every answer it describes is provoked here, and no other status is described. Headers that
// it promises are there, bodies have a media type it names, failures a code it shows.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { digestOf } from "../../src/content/digest.ts";
import { parseRepositoryName } from "../../src/registry/names.ts";
import { readUploadId } from "../../src/uploads/session.ts";
import type { RawAnswer } from "../support/rawHttp.ts";
import { imageType, type PushedImage, pushImage } from "./support/image.ts";
import { type DocumentedOperation, type OpenApiDocument, operationsOf } from "./support/openApi.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const repository = "team/nested/app";
const base = `/v2/${repository}`;
const absent = `sha256:${"0".repeat(64)}`;
const maxBodyBytes = 4096;

/** A registry with an image in it, and a session in which nothing is staged. */
interface World {
  readonly registry: TestRegistry;
  readonly image: PushedImage;
  /** Address of the session. */
  readonly session: string;
}

type Ask = (world: World) => Promise<RawAnswer>;
type Headers = Readonly<Record<string, string>>;

async function openWorld(): Promise<World> {
  const registry = await openRegistry({ maxBodyBytes });
  const image = await pushImage(registry.url, { name: repository, tag: "1.0" });
  await pushImage(registry.url, { name: "another", tag: "1.0" });
  return { registry, image, session: await startSession(registry) };
}

async function startSession({ url }: TestRegistry): Promise<string> {
  const answer = await fetch(`${url}${base}/blobs/uploads/`, { method: "POST" });
  return answer.headers.get("location") ?? "";
}

const send =
  (line: string, headers: Headers = {}, body: string | Uint8Array | null = null): Ask =>
  ({ registry }) =>
    registry.raw(line, Object.entries(headers), body);

const badHost: Headers = { Host: "not a host" };
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
    const now = registry.store.clock.now();
    const claim = { owner: "another request", until: now + 1000 };
    await metadata.uploads.claimUpload(id, parseRepositoryName(repository), claim, now);
    return registry.raw(`${method} ${address}${query}`, [], "x");
  };

const blob =
  (method: string, headers: Headers = {}): Ask =>
  (world) =>
    send(`${method} ${base}/blobs/${world.image.layerDigest}`, headers)(world);

const push = (body: string, headers: Headers = {}): Ask =>
  send(`PUT ${base}/manifests/2.0`, { "Content-Type": imageType, ...headers }, body);

const x = `?digest=${digestOf(Buffer.from("x"))}`;
const unknownSession = `${base}/blobs/uploads/01a1f7e5-93cb-728c-8028-5a61b9c8f780`;
const outOfOrder: Headers = { "Content-Range": "5-5" };
const tooLarge = "x".repeat(maxBodyBytes + 1);

/** One way to each answer of a healthy server. */
const healthy: Readonly<Record<string, Ask>> = {
  "checkApi 200": send("GET /v2/"),
  "headApi 200": send("HEAD /v2/"),
  "listRepositories 200": send("GET /v2/_catalog?n=1"),
  "listTags 200": send(`GET ${base}/tags/list`),
  "listTags 404": send("GET /v2/nobody/tags/list"),
  "listReferrers 200": send(`GET ${base}/referrers/${absent}`),
  "headReferrers 200": send(`HEAD ${base}/referrers/${absent}`),
  "getManifest 200": send(`GET ${base}/manifests/1.0`),
  "getManifest 304": send(`GET ${base}/manifests/1.0`, any),
  "getManifest 404": send(`GET ${base}/manifests/3.0`),
  "headManifest 200": send(`HEAD ${base}/manifests/1.0`),
  "headManifest 304": send(`HEAD ${base}/manifests/1.0`, any),
  "headManifest 404": send(`HEAD ${base}/manifests/3.0`),
  "putManifest 201": (world) => push(world.image.manifest)(world),
  "putManifest 413": push(" ".repeat(1_048_577)),
  "putManifest 415": push("{}", encoded),
  "getBlob 200": blob("GET"),
  "getBlob 206": blob("GET", { Range: "bytes=0-9" }),
  "getBlob 304": blob("GET", any),
  "getBlob 404": send(`GET ${base}/blobs/${absent}`),
  "getBlob 416": blob("GET", { Range: "bytes=5000-" }),
  "headBlob 200": blob("HEAD"),
  "headBlob 304": blob("HEAD", any),
  "headBlob 404": send(`HEAD ${base}/blobs/${absent}`),
  "startUpload 201": send(`POST ${base}/blobs/uploads/${x}`, {}, "x"),
  "startUpload 202": send(`POST ${base}/blobs/uploads/`),
  "startUpload 413": send(`POST ${base}/blobs/uploads/${x}`, {}, tooLarge),
  "startUpload 415": send(`POST ${base}/blobs/uploads/${x}`, encoded, "x"),
  "startUpload 416": send(`POST ${base}/blobs/uploads/${x}`, outOfOrder, "x"),
  "getUpload 204": inSession("GET"),
  "getUpload 404": send(`GET ${unknownSession}`),
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
  "getHealth 200": send("GET /healthz"),
  "headHealth 200": send("HEAD /healthz"),
  "getReadiness 200": send("GET /readyz"),
  "headReadiness 200": send("HEAD /readyz"),
  "getMetrics 200": send("GET /metrics"),
  "headMetrics 200": send("HEAD /metrics"),
  "getExplorer 200": send("GET /swagger"),
  "getExplorer 304": send("GET /swagger", any),
  "headExplorer 200": send("HEAD /swagger"),
  "headExplorer 304": send("HEAD /swagger", any),
  "getApiDocument 200": send("GET /swagger/json"),
  "getApiDocument 304": send("GET /swagger/json", any),
  "headApiDocument 200": send("HEAD /swagger/json"),
  "headApiDocument 304": send("HEAD /swagger/json", any),
};

/** A request to each operation that would succeed. */
const plain: Readonly<Record<string, Ask>> = {
  ...Object.fromEntries(
    Object.entries(healthy)
      .filter(([key]) => / 20\d$/.test(key))
      .map(([key, ask]) => [key.split(" ")[0] ?? "", ask]),
  ),
  getUpload: (world) => send(`GET ${world.session}`)(world),
  appendUpload: (world) => send(`PATCH ${world.session}`, {}, "x")(world),
  finishUpload: (world) => send(`PUT ${world.session}${x}`, {}, "x")(world),
  cancelUpload: (world) => send(`DELETE ${world.session}`)(world),
};

const takesBody = ["putManifest", "startUpload", "appendUpload", "finishUpload"];
const writes = [...takesBody, "cancelUpload"];
const asksReadiness = ["getReadiness", "headReadiness"];
const touchNoRows =
  /^(?:checkApi|headApi|(?:get|head)(?:Health|Readiness|Metrics|Explorer|ApiDocument))$/;

let world: World;
let operations: DocumentedOperation[];
beforeAll(async () => {
  world = await openWorld();
  const { body } = await send("GET /swagger/json")(world);
  const document: OpenApiDocument = JSON.parse(body.toString());
  operations = operationsOf(document);
});
afterAll(() => world.registry[Symbol.asyncDispose]());

function operation(id: string): DocumentedOperation {
  const found = operations.find(({ operationId }) => operationId === id);
  if (found === undefined) throw new Error(`${id} is not documented`);
  return found;
}

/** The answer is one that the documentation describes, with all that it promises. */
function expectDocumented(id: string, status: number, { headers, body, ...answer }: RawAnswer) {
  expect([id, answer.status]).toEqual([id, status]);
  const { method, responses } = operation(id);
  const described = responses[String(status)];
  expect([id, status, described === undefined]).toEqual([id, status, false]);
  for (const [name, { required }] of Object.entries(described?.headers ?? {})) {
    if (required) expect([name, headers.has(name.toLowerCase())]).toEqual([name, true]);
  }
  if (method === "HEAD") return;
  const content = described?.content ?? {};
  const mediaType = headers.get("content-type")?.split(";")[0] ?? "none";
  expect(Object.keys(content)).toEqual(body.length > 0 ? expect.arrayContaining([mediaType]) : []);
  const examples = Object.values(content["application/json"]?.examples ?? {});
  if (status < 400 || examples.length === 0) return;
  expect(JSON.stringify(examples)).toContain(`"code":"${errorOf({ body })["code"]}"`);
}

describe("what the documentation says of", () => {
  test.each(Object.entries(healthy))("%s is what the server answers", async (key, ask) => {
    const [id = "", status] = key.split(" ");
    expectDocumented(id, Number(status), await ask(world));
  });

  test("a malformed Host is answered with 400 by every operation", async () => {
    expect(operations.length).toBeGreaterThan(20);
    for (const { operationId, method, path } of operations) {
      const line = `${method} ${path.replaceAll(/\{(\w+)\}/g, "x")}`;
      expectDocumented(operationId, 400, await send(line, badHost)(world));
    }
  });

  test("a store that is read-only is answered with 503 by every write, and by readiness", async () => {
    const unwritable = await openWorld();
    await using _ = unwritable.registry;
    unwritable.registry.store.rooms.latch.trip("a sync failed", new Error("EIO"));

    for (const id of [...writes, ...asksReadiness]) {
      const answer = await plain[id]?.(unwritable);
      if (answer === undefined) throw new Error(`${id} is not asked`);
      expectDocumented(id, 503, answer);
    }
    expectDocumented("getManifest", 200, await send(`GET ${base}/manifests/1.0`)(unwritable));
  });

  test("a body that comes too slowly is answered with 408 by every operation that takes one", async () => {
    let now = 0;
    const pace = { now: () => (now += 61_000), minBytesPerSecond: 1024 };
    await using registry = await openRegistry({ pace });

    for (const [id, line] of await takers(registry)) {
      const streamed = "1\r\nx\r\n0\r\n\r\n";
      const answer = await registry.raw(line, [["Transfer-Encoding", "chunked"]], streamed);
      expectDocumented(id, 408, answer);
    }
  });

  test("a defect of the server is answered with 500 by every operation that reads rows", async () => {
    const broken = await openWorld();
    await using _ = broken.registry;
    const database = new Database(join(broken.registry.store.directory, "breadbox.db"));
    dropTables(database);
    database.close();

    const asked = operations.filter(({ operationId }) => !touchNoRows.test(operationId));
    expect(asked.length).toBeGreaterThan(10);
    for (const { operationId } of asked) {
      const answer = await plain[operationId]?.(broken);
      if (answer === undefined) throw new Error(`${operationId} is not asked`);
      expectDocumented(operationId, 500, answer);
    }
  });

  test("any operation names no further status", () => {
    const provoked = [
      ...Object.keys(healthy),
      ...operations.map(({ operationId }) => `${operationId} 400`),
      ...[...writes, ...asksReadiness].map((id) => `${id} 503`),
      ...takesBody.map((id) => `${id} 408`),
      ...operations
        .filter(({ operationId }) => !touchNoRows.test(operationId))
        .map(({ operationId }) => `${operationId} 500`),
    ];
    const described = operations.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    expect(described.sort()).toEqual(provoked.sort());
  });
});

/** A request with a body to each operation that takes one. */
async function takers(registry: TestRegistry): Promise<[id: string, line: string][]> {
  const sessions = [await startSession(registry), await startSession(registry)];
  const lines = [
    `PUT ${base}/manifests/2.0`,
    `POST ${base}/blobs/uploads/${x}`,
    `PATCH ${sessions[0]}`,
    `PUT ${sessions[1]}${x}`,
  ];
  return takesBody.map((id, index) => [id, lines[index] ?? ""]);
}

function dropTables(database: Database): void {
  database.run("PRAGMA foreign_keys = OFF");
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  for (const { name } of tables) database.run(`DROP TABLE "${name}"`);
}
