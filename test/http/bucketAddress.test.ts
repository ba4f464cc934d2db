import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { canonicalBucketPath, findInBucket } from "../../src/http/bucketAddress.ts";

const id = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
const uploads = "/v1/buckets/b/multipart-uploads";

/** The match as plain values, or the refusal's situation. */
const read = (path: string): unknown => {
  try {
    return findInBucket(path);
  } catch (error) {
    return error instanceof RegistryError ? error.situation : error;
  }
};

describe("findInBucket", () => {
  test.each([
    ["/v1/buckets/b", { template: "/v1/buckets/:bucket", bucket: "b" }],
    ["/v1/buckets/b/objects", { template: "/v1/buckets/:bucket/objects", bucket: "b" }],
    [uploads, { template: "/v1/buckets/:bucket/multipart-uploads", bucket: "b" }],
    [
      `${uploads}/${id}`,
      { template: "/v1/buckets/:bucket/multipart-uploads/:uploadId", bucket: "b", uploadId: id },
    ],
    [
      `${uploads}/${id}/parts`,
      {
        template: "/v1/buckets/:bucket/multipart-uploads/:uploadId/parts",
        bucket: "b",
        uploadId: id,
      },
    ],
    [
      `${uploads}/${id}/parts/12`,
      {
        template: "/v1/buckets/:bucket/multipart-uploads/:uploadId/parts/:partNumber",
        bucket: "b",
        uploadId: id,
        partNumber: 12,
      },
    ],
    [
      `${uploads}/${id}/complete`,
      {
        template: "/v1/buckets/:bucket/multipart-uploads/:uploadId/complete",
        bucket: "b",
        uploadId: id,
      },
    ],
  ])("%p is an address", (path, match) => {
    expect(read(path)).toEqual(match);
  });

  test.each([
    ["path/to/file.bin", "path/to/file.bin"],
    ["a%2Fb", "a/b"],
    ["objects/multipart-uploads/parts/1", "objects/multipart-uploads/parts/1"],
    ["%C3%A4%20b%3F", "ä b?"],
    ["100%25", "100%"],
    ["a+b", "a+b"],
  ])("objects/%s names %p", (text, object) => {
    const template = "/v1/buckets/:bucket/objects/:object";
    expect(read(`/v1/buckets/b/objects/${text}`)).toEqual({ template, bucket: "b", object });
  });

  test.each([
    ["/v1/buckets/", null],
    ["/v1/buckets/b/", null],
    ["/v1/buckets/b/other", null],
    ["/v1/buckets/b/objectsx/a", null],
    [`${uploads}/`, null],
    [`${uploads}/${id}/`, null],
    [`${uploads}/${id}/other`, null],
    [`${uploads}/${id}/complete/1`, null],
    [`${uploads}/${id}/parts/1/2`, null],
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
  ])("%p is %p", (path, outcome) => {
    expect(read(path)).toEqual(outcome);
  });
});

test("the path that routes see holds no name of an object, whatever is in it", () => {
  const match = findInBucket("/v1/buckets/b/objects/:bucket/:uploadId/a");
  expect(match === null ? null : canonicalBucketPath(match)).toBe("/v1/buckets/b/objects/-");
});
