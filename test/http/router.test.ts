// Which path leads to which operations, and what a malformed value in it means.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegistryError } from "../../src/errors.ts";
import { enter } from "../../src/http/frontDoor.ts";
import { routes } from "../../src/http/operations.ts";
import { RequestContext } from "../../src/http/requestContext.ts";
import { makeRouter, splitUrl } from "../../src/http/router.ts";
import { digestOf } from "../../src/model/digest.ts";

const digest = digestOf(new Uint8Array());
const id = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
const uploads = "/v1/buckets/b/multipart-uploads";
const router = makeRouter(routes);

/** Where a path leads, as plain values. */
function find(path: string) {
  const found = router(path);
  return found === null ? null : { path: found.route.path, texts: found.texts };
}

/** The values that the front door reads from a path, or the refusal's situation. */
function read(path: string, method = "GET"): unknown {
  const request = new Request(`http://localhost${path}`, { method });
  const nobody = { timeout() {}, requestIP: () => null };
  const context = new RequestContext(request, nobody, "", 0);
  const segments = path.slice(1).split("/").map(decoded);
  const names = segments.map((_, at) => `s${at}`);
  const isEmpty = path.includes("//");
  context.sent = isEmpty
    ? null
    : path.endsWith("/")
      ? { segments: named(names, segments), names: names.slice(0, -1), end: "/" }
      : { segments: named(names, segments), names, end: "" };
  try {
    enter(context, { router, guard: { methodsOf: () => [] }, assertHost: () => {} });
    return { ...context.params };
  } catch (error) {
    return error instanceof RegistryError ? error.situation : error;
  }
}

const named = (names: readonly string[], values: readonly string[]) =>
  Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));

/** As Bun's router hands a segment over. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Names made of the words that paths are made of. */
const names = fc
  .array(fc.constantFrom("blobs", "manifests", "tags", "uploads", "list", "a", "v2", "latest"), {
    minLength: 1,
    maxLength: 6,
  })
  .map((words) => words.join("/"));

const shapes: readonly { path: string; end: string; value: string | null }[] = [
  { path: "/v2/:name/tags/list", end: "tags/list", value: null },
  { path: "/v2/:name/manifests/:reference", end: "manifests/latest", value: "latest" },
  { path: "/v2/:name/manifests/:reference", end: "manifests/list", value: "list" },
  { path: "/v2/:name/manifests/:reference", end: "manifests/uploads", value: "uploads" },
  { path: "/v2/:name/manifests/:reference", end: `manifests/${digest}`, value: digest },
  { path: "/v2/:name/blobs/:digest", end: `blobs/${digest}`, value: digest },
  { path: "/v2/:name/referrers/:digest", end: `referrers/${digest}`, value: digest },
  { path: "/v2/:name/blobs/uploads/", end: "blobs/uploads/", value: null },
  { path: "/v2/:name/blobs/uploads/", end: "blobs/uploads", value: null },
  { path: "/v2/:name/blobs/uploads/:uploadId", end: `blobs/uploads/${id}`, value: id },
];

describe("a path below /v2/", () => {
  test("may have a repository's name made of path keywords", () => {
    fc.assert(
      fc.property(names, fc.constantFrom(...shapes), (name, { path, end, value }) => {
        const texts = value === null ? [name] : [name, value];
        expect(find(`/v2/${name}/${end}`)).toEqual({ path, texts });
      }),
    );
  });
});

describe("a path without a repository", () => {
  test.each([
    ["/", "/"],
    ["/v2", "/v2/"],
    ["/v2/", "/v2/"],
    ["/v2/_catalog", "/v2/_catalog"],
    ["/healthz", "/healthz"],
    ["/v1/gc", "/v1/gc"],
    ["/v1/gc/runs", "/v1/gc/runs"],
    ["/v1/gc/runs/1", "/v1/gc/runs/:runId"],
  ])("%s leads to %s", (sent, path) => {
    expect(find(sent)?.path).toBe(path);
  });

  test.each([
    "/v1/",
    "/v2x",
    "/v2/a",
    "/v2/a/",
    "/v2/_catalog/",
    "/v2/a/tags",
    "/v2/a/tags/list/",
    "/v2/a/referrers",
    "/healthz/",
    "/v2/:name/tags/lists",
    "/constructor",
    "/v1",
    "/v1/gc/",
    "/v1/gc/runs/",
    "/v1/gc/runs/1/",
    "/v1/gc/runs/1/2",
  ])("%s matches no route", (path) => {
    expect(find(path)).toBeNull();
  });
});

describe("a path in a bucket", () => {
  test.each([
    ["/v1/buckets/b", { bucket: "b" }],
    [`${uploads}/${id}`, { bucket: "b", uploadId: id }],
  ])("%s has the values %j", (path, values) => {
    expect(read(path, "DELETE")).toEqual(values);
  });

  test.each([
    ["/v1/buckets/b/objects", "GET", { bucket: "b" }],
    [uploads, "GET", { bucket: "b" }],
    [`${uploads}/${id}/parts`, "GET", { bucket: "b", uploadId: id }],
    [`${uploads}/${id}/parts/12`, "PUT", { bucket: "b", uploadId: id, partNumber: 12 }],
    [`${uploads}/${id}/complete`, "POST", { bucket: "b", uploadId: id }],
  ])("%s has for %s the values %j", (path, method, values) => {
    expect(read(path, method)).toEqual(values);
  });

  test.each([
    ["path/to/file.bin", "path/to/file.bin"],
    ["a%2Fb", "a/b"],
    ["objects/multipart-uploads/parts/1", "objects/multipart-uploads/parts/1"],
    ["%C3%A4%20b%3F", "ä b?"],
    ["100%25", "100%"],
    ["a+b", "a+b"],
  ])("objects/%s names the object %p", (text, object) => {
    expect(read(`/v1/buckets/b/objects/${text}`)).toEqual({ bucket: "b", object });
  });

  test.each([
    ["/v1/buckets/", "ROUTE_UNKNOWN"],
    ["/v1/buckets/b/", "ROUTE_UNKNOWN"],
    ["/v1/buckets/b/other", "ROUTE_UNKNOWN"],
    ["/v1/buckets/b/objectsx/a", "ROUTE_UNKNOWN"],
    [`${uploads}/`, "ROUTE_UNKNOWN"],
    [`${uploads}/${id}/`, "ROUTE_UNKNOWN"],
    [`${uploads}/${id}/other`, "ROUTE_UNKNOWN"],
    [`${uploads}/${id}/complete/1`, "ROUTE_UNKNOWN"],
    [`${uploads}/${id}/parts/1/2`, "ROUTE_UNKNOWN"],
    ["/v1/buckets/B/objects/a", "BUCKET_NAME_INVALID"],
    ["/v1/buckets/:bucket", "BUCKET_NAME_INVALID"],
    ["/v1/buckets/b/objects/", "OBJECT_NAME_INVALID"],
    ["/v1/buckets/b/objects//a", "OBJECT_NAME_INVALID"],
    ["/v1/buckets/b/objects/%00", "OBJECT_NAME_INVALID"],
    ["/v1/buckets/b/objects/%zz", "OBJECT_NAME_INVALID"],
    ["/v1/buckets/b/objects/%ff", "OBJECT_NAME_INVALID"],
    ["/v1/buckets/b/objects/a%2F..%2Fb", "OBJECT_NAME_INVALID"],
    [`${uploads}/nonsense`, "MULTIPART_UNKNOWN"],
    [`${uploads}/${id}/parts/0`, "PART_NUMBER_INVALID"],
    [`${uploads}/${id}/parts/00001`, "PART_NUMBER_INVALID"],
    [`${uploads}/${id}/parts/`, "PART_NUMBER_INVALID"],
  ])("%s is refused as %s", (path, situation) => {
    expect(read(path)).toBe(situation);
  });
});

test("a path outside /v2 takes a repository's name with its slashes", () => {
  const [route] = routes.filter(({ path }) => path === "/v2/:name/tags/list");
  const path = "/v1/repositories/:name/size";
  if (route === undefined) throw new Error("no list of tags");
  const own = makeRouter([...routes, { ...route, path }]);

  expect(own("/v1/repositories/team/blobs/app/size")).toMatchObject({
    route: { path },
    texts: ["team/blobs/app"],
  });
  expect(own("/v1/repositories/team/app")).toBeNull();
});

test("Elysia receives the path of the table, and never the sent one", () => {
  const request = new Request("http://localhost/v1/buckets/b/objects/:bucket/:uploadId/a");
  const context = new RequestContext(request, { timeout() {}, requestIP: () => null }, "", 0);
  const segments = ["v1", "buckets", "b", "objects", ":bucket", ":uploadId", "a"];
  const names = segments.map((_, at) => `s${at}`);
  context.sent = { segments: named(names, segments), names, end: "" };

  enter(context, { router, guard: { methodsOf: () => [] }, assertHost: () => {} });

  expect(request.url).toBe("http://breadbox/v1/buckets/:bucket/objects/:object");
});

describe("splitUrl", () => {
  test.each([
    ["http://localhost:5000/v2/a/tags/list?n=1&last=b", "/v2/a/tags/list", "n=1&last=b"],
    ["http://x/v2/", "/v2/", ""],
    ["/v2/?a=/b", "/v2/", "a=/b"],
    ["http://x", "/", ""],
    ["http://x/a?b?c", "/a", "b?c"],
  ])("%s has the path %s", (url, path, query) => {
    expect(splitUrl(url)).toEqual({ path, query });
  });
});
