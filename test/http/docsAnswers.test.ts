// The documentation against the server: every answer it describes is provoked here, and no other status is described. Headers that
// it promises are there, bodies have a media type it names, failures a code it shows.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { RawAnswer } from "../support/rawHttp.ts";
import { fill } from "./support/addresses.ts";
import { healthyChecks, plainChecks } from "./support/checkAnswers.ts";
import {
  badHost,
  base,
  healthy,
  openWorld,
  otherSite,
  plain,
  send,
  startSession,
  succeeding,
  type World,
  x,
} from "./support/documentedAnswers.ts";
import { begin, healthyMultipart, plainMultipart } from "./support/multipartAnswers.ts";
import { healthyObjects, plainObjects } from "./support/objectAnswers.ts";
import { type DocumentedOperation, type OpenApiDocument, operationsOf } from "./support/openApi.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";
import { tokenAnswers } from "./support/tokenAnswers.ts";

const answers = {
  ...{ ...healthy, ...healthyObjects, ...healthyMultipart },
  ...{ ...healthyChecks, ...tokenAnswers },
};
const requests = {
  ...{ ...plain, ...succeeding(healthyObjects), ...plainObjects },
  ...{ ...plainMultipart, ...plainChecks },
};
const takesBody = [
  ...["putManifest", "startUpload", "appendUpload", "finishUpload"],
  ...["createBucket", "putObject"],
  ...["initiateMultipartUpload", "putPart", "completeMultipartUpload", "deleteByPlan"],
];
const writes = [
  ...takesBody,
  ...["cancelUpload", "deleteManifest", "deleteBlob", "deleteBucket", "deleteObject"],
  "abortMultipartUpload",
];
/** No switch stops a collection. */
const wantStore = [
  ...writes,
  "startGc",
  "startCheck",
  "endUpload",
  "retryDeadLetters",
  "testWebhook",
];
const asksReadiness = ["getReadiness", "headReadiness"];
const touchNoRows =
  /^(?:checkApi|headApi|(?:get|head)(?:Events|Health|Readiness|Metrics|Explorer|ApiDocument|Authority|Token)|postToken)$/;

let world: World;
let operations: DocumentedOperation[];
beforeAll(async () => {
  world = await openWorld();
  const { body } = await send("GET /swagger/json")(world);
  const document: OpenApiDocument = JSON.parse(body.toString());
  // An open server has no administrators: accessAnswers.test.ts.
  operations = operationsOf(document).filter(({ tags }) => !tags.includes("access"));
});
afterAll(() => world.registry[Symbol.asyncDispose]());

const filled = (path: string): string => fill(path.replaceAll(/\{(\w+)\}/g, ":$1"));

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

describe("the documented answer", () => {
  test.each(Object.entries(answers))("%s is what the server sends", async (key, ask) => {
    const [id = "", status] = key.split(" ");
    expectDocumented(id, Number(status), await ask(world));
  });

  test("400 for a malformed Host holds for every operation", async () => {
    expect(operations.length).toBeGreaterThan(20);
    for (const { operationId, method, path } of operations) {
      const line = `${method} ${filled(path)}`;
      expectDocumented(operationId, 400, await send(line, badHost)(world));
    }
  });

  test("403 for a page of another site holds for every changing operation", async () => {
    const changing = operations.filter(({ operationId }) => wantStore.includes(operationId));
    expect(changing).toHaveLength(wantStore.length);
    for (const { operationId, method, path } of changing) {
      const line = `${method} ${filled(path)}`;
      expectDocumented(operationId, 403, await send(line, otherSite)(world));
    }
  });

  test("503 for a read-only store holds for every write and for readiness", async () => {
    const unwritable = await openWorld();
    await using _ = unwritable.registry;
    unwritable.registry.store.rooms.latch.trip("a sync failed", new Error("EIO"));

    for (const id of [...wantStore, ...asksReadiness]) {
      const answer = await requests[id]?.(unwritable);
      if (answer === undefined) throw new Error(`${id} is not asked`);
      expectDocumented(id, 503, answer);
    }
    expectDocumented("getManifest", 200, await send(`GET ${base}/manifests/1.0`)(unwritable));
  });

  test("413 with Retry-After for a full disk holds for every write", async () => {
    const full = (): never => {
      throw new RegistryError("DISK_FULL");
    };
    await using registry = await openRegistry({
      change: (rooms) => ({ ...rooms, latch: { assertWritable: full } }),
    });

    for (const id of wantStore) {
      const answer = await requests[id]?.({ ...world, registry });
      if (answer === undefined) throw new Error(`${id} is not asked`);
      expectDocumented(id, 413, answer);
      expect(answer.headers.get("retry-after")).toBe("30");
    }
    expect(registry.lines).toContainEqual(
      expect.objectContaining({ level: "warn", situation: "DISK_FULL", status: 413 }),
    );
  });

  test("405 for a read-only registry holds for every write", async () => {
    await using registry = await openRegistry({ switches: { readOnly: true } });

    for (const id of writes) {
      const answer = await requests[id]?.({ ...world, registry });
      if (answer === undefined) throw new Error(`${id} is not asked`);
      expectDocumented(id, 405, answer);
    }
  });

  test("405 without multipart uploads holds for each of their operations", async () => {
    await using registry = await openRegistry({ switches: { multipart: false } });

    for (const [id, ask] of Object.entries(plainMultipart)) {
      expectDocumented(id, 405, await ask({ ...world, registry }));
    }
  });

  test("408 for a slow body holds for every operation with a body", async () => {
    let now = 0;
    const pace = { now: () => (now += 61_000), minBytesPerSecond: 1024 };
    await using registry = await openRegistry({ pace });

    const streamed = "1\r\nx\r\n0\r\n\r\n";
    const asked = (await takers(registry)).map(async ([id, line]) => {
      const answer = await registry.raw(line, [["Transfer-Encoding", "chunked"]], streamed);
      expectDocumented(id, 408, answer);
    });
    await Promise.all(asked);
  });

  test("307 for a client that reaches the bucket holds for blobs", async () => {
    const url = "https://s3.example.com/key?X-Amz-Signature=0";
    const open = async () => ({ kind: "remote", link: async () => url }) as const;
    await using registry = await openRegistry({
      change: (backend) => {
        const storage = { ...backend.registry.storage };
        const content = new Proxy(storage.content, {
          get: (of, name) => (name === "open" ? open : Reflect.get(of, name).bind(of)),
        });
        return { ...backend, registry: { ...backend.registry, storage: { ...storage, content } } };
      },
    });
    const bytes = new Uint8Array(100_000);
    const [path, digest] = [`${base}/blobs`, digestOf(bytes)];
    await fetch(`${registry.url}${path}/uploads/?digest=${digest}`, {
      method: "POST",
      body: bytes,
    });

    const answer = await registry.raw(`GET ${path}/${digest}`, []);

    expectDocumented("getBlob", 307, answer);
    expect(answer.headers.get("location")).toBe(url);
  });

  test("500 for an internal error holds for every operation that reads rows", async () => {
    const broken = await openWorld();
    await using _ = broken.registry;
    const database = new Database(join(broken.registry.store.directory, "breadbox.db"));
    dropTables(database);
    database.close();

    const asked = operations.filter(({ operationId }) => !touchNoRows.test(operationId));
    expect(asked.length).toBeGreaterThan(10);
    for (const { operationId } of asked) {
      const answer = await requests[operationId]?.(broken);
      if (answer === undefined) throw new Error(`${operationId} is not asked`);
      expectDocumented(operationId, 500, answer);
    }
  });

  test("list is complete: no operation sends another status", () => {
    const provoked = [
      ...Object.keys(answers),
      "getBlob 307",
      ...operations.map(({ operationId }) => `${operationId} 400`),
      ...[...wantStore, ...asksReadiness].map((id) => `${id} 503`),
      ...wantStore.flatMap((id) => [`${id} 403`, `${id} 413`]),
      ...[...writes, ...Object.keys(plainMultipart)].map((id) => `${id} 405`),
      ...[...takesBody, "startGc", "startCheck"].map((id) => `${id} 408`),
      ...operations
        .filter(({ operationId }) => !touchNoRows.test(operationId))
        .map(({ operationId }) => `${operationId} 500`),
    ];
    const described = operations.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    expect(described.sort()).toEqual([...new Set(provoked)].sort());
  });
});

/** A request with a body to each operation that takes one. */
async function takers(registry: TestRegistry): Promise<[id: string, line: string][]> {
  const sessions = [await startSession(registry), await startSession(registry)];
  const upload = await begin({ ...world, registry });
  const lines = [
    `PUT ${base}/manifests/2.0`,
    `POST ${base}/blobs/uploads/${x}`,
    `PATCH ${sessions[0]}`,
    `PUT ${sessions[1]}${x}`,
    "POST /v1/buckets",
    "PUT /v1/buckets/backups/objects/a",
    "POST /v1/buckets/backups/multipart-uploads",
    `PUT ${upload}/parts/1`,
    `POST ${upload}/complete`,
    "POST /v1/deletions",
  ];
  const uploads = takesBody.map((id, index): [string, string] => [id, lines[index] ?? ""]);
  return [...uploads, ["startGc", "POST /v1/gc"], ["startCheck", "POST /v1/checks"]];
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
