import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Address, canonicalPath, findAddress, splitUrl } from "../../src/http/address.ts";
import { digestOf } from "../../src/model/digest.ts";

const digest = digestOf(new Uint8Array());
const uploadId = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";

/** Names made of the words that addresses are made of. */
const names = fc
  .array(fc.constantFrom("blobs", "manifests", "tags", "uploads", "list", "a", "v2", "latest"), {
    minLength: 1,
    maxLength: 6,
  })
  .map((words) => words.join("/"));

const shapes: readonly { template: Address["template"]; end: string; value: string }[] = [
  { template: "/v2/:name/tags/list", end: "tags/list", value: "" },
  { template: "/v2/:name/manifests/:reference", end: "manifests/latest", value: "latest" },
  { template: "/v2/:name/manifests/:reference", end: "manifests/list", value: "list" },
  { template: "/v2/:name/manifests/:reference", end: "manifests/uploads", value: "uploads" },
  { template: "/v2/:name/manifests/:reference", end: `manifests/${digest}`, value: digest },
  { template: "/v2/:name/blobs/:digest", end: `blobs/${digest}`, value: digest },
  { template: "/v2/:name/referrers/:digest", end: `referrers/${digest}`, value: digest },
  { template: "/v2/:name/blobs/uploads/", end: "blobs/uploads/", value: "" },
  { template: "/v2/:name/blobs/uploads/", end: "blobs/uploads", value: "" },
  {
    template: "/v2/:name/blobs/uploads/:uploadId",
    end: `blobs/uploads/${uploadId}`,
    value: uploadId,
  },
];

describe("findAddress", () => {
  test("names may consist of the words of addresses", () => {
    fc.assert(
      fc.property(names, fc.constantFrom(...shapes), (name, { template, end, value }) => {
        expect(findAddress(`/v2/${name}/${end}`)).toEqual({ template, name, value });
      }),
    );
  });

  test.each([
    ["/v2", "/v2/"],
    ["/v2/", "/v2/"],
    ["/v2/_catalog", "/v2/_catalog"],
    ["/healthz", "/healthz"],
    ["/v1/gc", "/v1/gc"],
    ["/v1/gc/runs", "/v1/gc/runs"],
    ["/v1/gc/runs/1", "/v1/gc/runs/:runId"],
  ])("%s is the address %s", (path, template) => {
    expect(`${findAddress(path)?.template}`).toBe(template);
  });

  test.each([
    "/",
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
  ])("%s is no address", (path) => {
    expect(findAddress(path)).toBeNull();
  });
});

describe("canonicalPath", () => {
  test("a name is one segment of it, whatever the name is made of", () => {
    fc.assert(
      fc.property(names, fc.constantFrom(...shapes), (name, { end, ...shape }) => {
        const folded = name.replaceAll("/", "%2F");
        const slash = shape.template === "/v2/:name/blobs/uploads/" ? "blobs/uploads/" : end;
        expect(canonicalPath({ ...shape, name })).toBe(`/v2/${folded}/${slash}`);
      }),
    );
  });
});

describe("a run's address", () => {
  test("has the run's id as its value, and is spelled as it was", () => {
    const address = findAddress("/v1/gc/runs/01a1f7e6");

    expect(address).toEqual({ template: "/v1/gc/runs/:runId", name: "", value: "01a1f7e6" });
    expect(address && canonicalPath(address)).toBe("/v1/gc/runs/01a1f7e6");
  });
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
