import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { longestLease } from "../../src/content/lease.ts";
import { isWrite } from "../../src/http/operation.ts";
import { operations } from "../../src/http/operations.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { leaseMs } from "../support/store.ts";
import { fill } from "./support/addresses.ts";
import { pushImage } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";
const absent = `sha256:${"0".repeat(64)}`;
/** Neither of logins nor of running the server: operators collect garbage, and manage users, all the same. Colours are no contents. */
const aside = [
  ...[
    "/v1/users",
    "/v1/tokens",
    "/v1/rules",
    "/v1/trust",
    "/v1/uploads",
    "/v1/webhooks",
    "/access/",
    "/server/",
  ],
  ...[
    "/v1/account",
    "/account",
    "/v1/gc",
    "/v1/checks",
    "/setup",
    "/v2/token",
    "/login",
    "/logout",
    "/theme",
  ],
];
const ofContents = operations.filter(({ path }) => !aside.some((each) => path.startsWith(each)));
/** Told by their methods: whatever is added to the table is asked as well. */
const changing = ofContents.filter(({ method }) => method !== "GET" && method !== "HEAD");
const endsUpload = ["cancelUpload", "abortMultipartUpload"];
/** After a plan: what is deleted is in the body. */
const byPlan = ["deleteByPlan", "applyDeletionPage", "deleteObjectByForm", "deleteBucketByForm"];
const deletions = changing.filter(
  ({ method, id }) => (method === "DELETE" && !endsUpload.includes(id)) || byPlan.includes(id),
);

const refused = (answer: { readonly status: number; readonly body: Uint8Array }): unknown =>
  answer.status === 405 ? errorOf(answer)["message"] : null;

describe("the table of operations", () => {
  test("marks exactly the client's changes as writes", () => {
    expect(ofContents.filter(isWrite)).toEqual(changing);
    expect(deletions.map(({ action }) => action)).toEqual(deletions.map(() => "delete"));
    expect(deletions.length).toBeGreaterThanOrEqual(2);
  });
});

describe("with registry.delete off", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await openRegistry({ switches: { delete: false } });
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test.each(operations.map((operation) => [operation.id, operation] as const))(
    "%s is refused exactly if it deletes",
    async (_, operation) => {
      const { method, path } = operation;
      const answer = await registry.raw(`${method} ${fill(path)}`, [["Content-Length", "0"]]);

      const expected = deletions.includes(operation)
        ? "deletion is switched off (registry.delete)"
        : null;
      expect(refused(answer)).toBe(expected);
    },
  );

  test("an unknown method is answered with the allowed ones", async () => {
    const answer = await registry.raw(`POST /v2/${name}/blobs/${absent}`);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(errorOf(answer)["detail"]).toEqual({ allowed: ["GET", "HEAD"] });
    const manifest = await registry.raw(`POST /v2/${name}/manifests/1.0`);
    expect(manifest.headers.get("allow")).toBe("GET, HEAD, PUT");
  });

  test("the refusal lists the allowed methods, and nothing is deleted", async () => {
    const { digest, layerDigest } = await pushImage(registry.url, { name, tag: "1.0" });
    const takes = [
      [`manifests/1.0`, "GET, HEAD, PUT"],
      [`manifests/${digest}`, "GET, HEAD, PUT"],
      [`blobs/${layerDigest}`, "GET, HEAD"],
    ] as const;

    for (const [path, allow] of takes) {
      const answer = await registry.raw(`DELETE /v2/${name}/${path}`);
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
      expect(errorOf(answer)["code"]).toBe("UNSUPPORTED");
      expect((await registry.raw(`HEAD /v2/${name}/${path}`)).status).toBe(200);
    }
  });
});

describe("with registry.readOnly on", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await openRegistry({ switches: { readOnly: true } });
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test.each(operations.map((operation) => [operation.id, operation] as const))(
    "%s is refused exactly if it writes",
    async (_, operation) => {
      const { method, path } = operation;
      const answer = await registry.raw(`${method} ${fill(path)}`, [["Content-Length", "0"]]);

      const expected = changing.includes(operation)
        ? "this registry is read-only (registry.readOnly)"
        : null;
      expect(refused(answer)).toBe(expected);
    },
  );

  test("the refusal lists the allowed methods, if any", async () => {
    const allow = async (line: string) => (await registry.raw(line)).headers.get("allow");

    expect(await allow(`PUT /v2/${name}/manifests/1.0`)).toBe("GET, HEAD");
    expect(await allow(`DELETE /v2/${name}/blobs/${absent}`)).toBe("GET, HEAD");
    expect(await allow(`POST /v2/${name}/manifests/1.0`)).toBe("GET, HEAD");
    expect(await allow(`PATCH ${fill("/v2/:name/blobs/uploads/:uploadId")}`)).toBe("GET, HEAD");
    expect(await allow(`POST /v2/${name}/blobs/uploads/?mount=${absent}`)).toBe("");
  });
});

describe("HEAD of a blob", () => {
  test.each([
    [false, "keeps it for a lease, since a push may follow"],
    [true, "keeps nothing, since no push can follow"],
  ])("with registry.readOnly %p %s", async (readOnly) => {
    await using registry = await openRegistry({ switches: { readOnly } });
    const { store, raw } = registry;
    const repository = parseRepositoryName(name);
    const digest = digestOf(new Uint8Array());
    const chunk = { body: null, length: 0, start: null, end: null };
    await uploadInOneRequest(store.rooms.uploads, { repository, digest, chunk });
    const pushed = store.clock.now();
    store.clock.advance(10 * leaseMs);

    expect((await raw(`HEAD /v2/${name}/blobs/${digest}`)).status).toBe(200);

    using database = new Database(join(store.directory, "breadbox.db"), { readonly: true });
    expect(database.query("SELECT kept_until AS until FROM contents").get()).toEqual({
      until: (readOnly ? pushed : store.clock.now()) + longestLease(leaseMs),
    });
  });
});
