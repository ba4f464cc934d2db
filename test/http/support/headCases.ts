// What head.test.ts asks the addresses that take GET, besides asking each of them plainly. Apart from it because the list is long.
import { digestOf } from "../../../src/model/digest.ts";

export const name = "team/nested/app";
export const sha512 = digestOf(Buffer.from("sha512"), "sha512");
const absent = `sha256:${"0".repeat(64)}`;
const unknownId = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";

export type Headers = Readonly<Record<string, string>>;
type Case = readonly [path: string, status: number, headers?: Headers];

const known = { "If-None-Match": "*" };
const unknown = { "If-None-Match": '"x"' };
export const badHost = { Host: "not a host" };
const gzip = { "Accept-Encoding": "gzip" };
const base = `/v2/${name}`;

/** What addresses that take GET are asked. `<…>` is replaced by a value. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  "/v2/": [
    ["/v2/", 200],
    ["/v2", 200],
    ["/v2/?a=b", 200],
    ["/v2/", 200, known],
  ],
  "/v2/token": [
    ["/v2/token", 404],
    ["/v2/token?scope=repository:a:pull", 404],
  ],
  "/v2/_catalog": [
    ["/v2/_catalog", 200],
    ["/v2/_catalog?n=1", 200],
    ["/v2/_catalog?n=0", 200],
    ["/v2/_catalog?last=zzz", 200],
    ["/v2/_catalog?n=x", 400],
    ["/v2/_catalog?n=1&n=2", 400],
  ],
  "/v2/:name/tags/list": [
    [`${base}/tags/list`, 200],
    [`${base}/tags/list?n=1`, 200],
    [`${base}/tags/list?n=0`, 200],
    [`${base}/tags/list?last=1.0`, 200],
    [`${base}/tags/list?n=-1`, 400],
    ["/v2/nobody/tags/list", 404],
    ["/v2/Nobody/tags/list", 400],
  ],
  "/v2/:name/manifests/:reference": [
    [`${base}/manifests/1.0`, 200],
    [`${base}/manifests/1.0`, 304, known],
    [`${base}/manifests/1.0`, 200, unknown],
    [`${base}/manifests/<manifest>`, 200],
    [`${base}/manifests/<manifest>`, 200, gzip],
    [`${base}/manifests/<manifest>`, 200, { Accept: "text/plain" }],
    [`${base}/manifests/<manifest>`, 304, known],
    [`${base}/manifests/none`, 404],
    [`${base}/manifests/${absent}`, 404],
    [`${base}/manifests/${absent}`, 404, known],
    [`${base}/manifests/sha256:bad`, 404],
    [`${base}/manifests/-bad`, 404],
    ["/v2/nobody/manifests/1.0", 404],
    ["/v2/UPPER/manifests/1.0", 400],
  ],
  "/v2/:name/referrers/:digest": [
    [`${base}/referrers/<manifest>`, 200],
    [`${base}/referrers/${absent}`, 200],
    [`${base}/referrers/${absent}?artifactType=a/b`, 200],
    [`${base}/referrers/${absent}?n=x`, 400],
    ["/v2/nobody/referrers/<manifest>", 200],
    [`${base}/referrers/sha256:bad`, 400],
  ],
  "/v2/:name/blobs/:digest": [
    [`${base}/blobs/<layer>`, 200],
    [`${base}/blobs/<layer>`, 200, gzip],
    [`${base}/blobs/<layer>`, 200, unknown],
    [`${base}/blobs/<layer>`, 304, known],
    [`${base}/blobs/<layer>`, 304, { ...known, Range: "bytes=0-9" }],
    [`${base}/blobs/<manifest>`, 200],
    [`${base}/blobs/<manifest>`, 304, known],
    [`${base}/blobs/${sha512}`, 200],
    [`${base}/blobs/${digestOf(new Uint8Array())}`, 200],
    [`${base}/blobs/${absent}`, 404],
    ["/v2/another/blobs/<layer>", 404],
    ["/v2/nobody/blobs/<layer>", 404],
    [`${base}/blobs/sha256:bad`, 400],
    [`${base}/blobs/md5:d41d8cd98f00b204e9800998ecf8427e`, 400],
    ["/v2/a--/blobs/<layer>", 400],
  ],
  "/v2/:name/blobs/uploads/:uploadId": [
    ["<fresh>", 204],
    ["<begun>", 204],
    ["<begun>?digest=x", 204],
    [`${base}/blobs/uploads/${unknownId}`, 404],
    [`${base}/blobs/uploads/no-id`, 404],
    [`/v2/UPPER/blobs/uploads/${unknownId}`, 400],
  ],
  "/v1/buckets": [
    ["/v1/buckets", 200],
    ["/v1/buckets?limit=1", 200],
    ["/v1/buckets?after=zzz", 200],
    ["/v1/buckets?limit=0", 400],
  ],
  "/v1/buckets/:bucket": [
    ["/v1/buckets/backups", 200],
    ["/v1/buckets/nothing", 404],
    ["/v1/buckets/No-Bucket", 400],
  ],
  "/v1/buckets/:bucket/objects": [
    ["/v1/buckets/backups/objects", 200],
    ["/v1/buckets/backups/objects?delimiter=/&limit=1", 200],
    ["/v1/buckets/nothing/objects", 404],
    ["/v1/buckets/backups/objects?limit=x", 400],
  ],
  "/v1/buckets/:bucket/objects/:object": [
    ["/v1/buckets/backups/objects/path/to/file", 200],
    ["/v1/buckets/backups/objects/path/to/file", 200, { "Want-Content-Digest": "sha-256=1" }],
    ["/v1/buckets/backups/objects/path/to/file", 304, known],
    ["/v1/buckets/backups/objects/path/to/file", 412, { "If-Match": '"x"' }],
    ["/v1/buckets/backups/objects/empty", 200],
    ["/v1/buckets/backups/objects/nothing", 404],
    ["/v1/buckets/nothing/objects/path/to/file", 404],
    ["/v1/buckets/backups/objects/a//b", 400],
    ["/v1/buckets/backups/objects/", 400],
  ],
  "/v1/buckets/:bucket/multipart-uploads": [
    ["/v1/buckets/backups/multipart-uploads", 200],
    ["/v1/buckets/backups/multipart-uploads?limit=1&prefix=a", 200],
    ["/v1/buckets/nothing/multipart-uploads", 404],
    ["/v1/buckets/backups/multipart-uploads?after=x", 400],
  ],
  "/v1/buckets/:bucket/multipart-uploads/:uploadId": [
    ["<upload>", 200],
    [`/v1/buckets/backups/multipart-uploads/${unknownId}`, 404],
    ["/v1/buckets/backups/multipart-uploads/no-id", 404],
  ],
  "/v1/buckets/:bucket/multipart-uploads/:uploadId/parts": [
    ["<upload>/parts", 200],
    ["<upload>/parts?limit=1", 200],
    ["<upload>/parts?limit=0", 400],
    [`/v1/buckets/backups/multipart-uploads/${unknownId}/parts`, 404],
  ],
  "/v1/gc/runs": [
    ["/v1/gc/runs", 200],
    ["/v1/gc/runs?limit=1", 200],
    ["/v1/gc/runs?after=nothing", 400],
    ["/v1/gc/runs?limit=0", 400],
    ["/v1/gc/runs?limit=1&limit=2", 400],
  ],
  "/v1/gc/runs/:runId": [
    [`/v1/gc/runs/${unknownId}`, 404],
    ["/v1/gc/runs/no-id", 404],
  ],
  "/ca.crt": [
    ["/ca.crt", 200],
    ["/ca.crt", 200, unknown],
    ["/ca.crt", 304, known],
  ],
  "/healthz": [["/healthz", 200]],
  "/readyz": [["/readyz", 200]],
  "/metrics": [["/metrics", 200]],
  "/swagger": [
    ["/swagger", 200],
    ["/swagger", 200, gzip],
    ["/swagger", 304, known],
  ],
  "/swagger/": [["/swagger/", 308]],
  "/swagger/json": [
    ["/swagger/json", 200],
    ["/swagger/json", 304, known],
  ],
  "/swagger/assets/scalar.js": [
    ["/swagger/assets/scalar.js", 200],
    ["/swagger/assets/scalar.js?v=x", 200, gzip],
    ["/swagger/assets/scalar.js", 304, { ...known, ...gzip }],
  ],
  "/swagger/assets/try-it.js": [
    ["/swagger/assets/try-it.js", 200],
    ["/swagger/assets/try-it.js", 304, known],
  ],
};
