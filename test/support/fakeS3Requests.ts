// What the strict S3 server of the tests makes of a request, and how it words its answers.
import { crc32 } from "node:zlib";
import { sha256 } from "./bytes.ts";

/** An S3 upload that is neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly parts: Map<number, Uint8Array>;
}

/** Entries of a page of any list. */
export const pageSize = 3;
/** As S3 makes it. */
export const etagOf = (bytes: Uint8Array) =>
  new Bun.CryptoHasher("md5").update(bytes).digest("hex");
/** As S3 writes times. Everything in it is of this moment. */
export const now = (): string => new Date().toISOString();

/** An answer that is an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** A document as an answer. */
export const xml = (body: string, status = 200) =>
  new Response(`<?xml version="1.0" encoding="UTF-8"?>${body}`, {
    status,
    headers: { "content-type": "application/xml" },
  });

/** S3's name of the operation that a request asks for. */
export function nameOf({ method, headers }: Request, { pathname, searchParams }: URL): string {
  const isBucket = pathname.split("/").filter(Boolean).length < 2;
  const places = ["uploads", "uploadId", "delete", "versioning", "lifecycle"];
  const place = places.find((name) => searchParams.has(name)) ?? (isBucket ? "bucket" : "object");
  const copy = headers.has("x-amz-copy-source") ? " copy" : "";
  return names[`${method} ${place}${copy}`] ?? "unknown";
}

const names: Readonly<Record<string, string>> = {
  "POST uploads": "CreateMultipartUpload",
  "GET uploads": "ListMultipartUploads",
  "PUT uploadId": "UploadPart",
  "PUT uploadId copy": "UploadPartCopy",
  "POST uploadId": "CompleteMultipartUpload",
  "GET uploadId": "ListParts",
  "DELETE uploadId": "AbortMultipartUpload",
  "POST delete": "DeleteObjects",
  "HEAD bucket": "HeadBucket",
  "GET bucket": "ListObjectsV2",
  "PUT object": "PutObject",
  "PUT object copy": "CopyObject",
  "GET object": "GetObject",
  "HEAD object": "HeadObject",
  "DELETE object": "DeleteObject",
};

/** @throws Refusal for a body that is not what its headers say, and for a request without a signature. */
export async function bodyOf(request: Request): Promise<Uint8Array> {
  const { headers } = request;
  const signature = headers.get("authorization") ?? "";
  const isLink = /[?&]X-Amz-Signature=[0-9a-f]{64}(?:&|$)/.test(request.url);
  if (signature.startsWith("AWS4-HMAC-SHA256 ") === isLink) throw new Refusal(403, "AccessDenied");
  const body = await request.bytes();
  const length = headers.get("content-length");
  if (request.method === "PUT" && !headers.has("x-amz-copy-source") && length === null) {
    throw new Refusal(411, "MissingContentLength");
  }
  if (length !== null && Number(length) !== body.length) throw new Refusal(400, "IncompleteBody");
  const digest = headers.get("x-amz-content-sha256") ?? "";
  if (/^[0-9a-f]{64}$/.test(digest) && sha256(body) !== `sha256:${digest}`) {
    throw new Refusal(400, "XAmzContentSHA256Mismatch");
  }
  const sum = headers.get("x-amz-checksum-crc32");
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(body));
  if (sum !== null && sum !== actual.toString("base64")) throw new Refusal(400, "BadDigest");
  return body;
}

/** The answer to bytes that were stored. */
export const stored = (body: Uint8Array) =>
  new Response(null, { headers: { etag: `"${etagOf(body)}"` } });

/** The answer to bytes that were copied. */
export const copied = (element: string, bytes: Uint8Array) =>
  xml(`<${element}><ETag>&quot;${etagOf(bytes)}&quot;</ETag></${element}>`);

/** The answer to GET or HEAD. */
export function readObject(bytes: Uint8Array, { method, headers, url }: Request): Response {
  const query = new URL(url).searchParams;
  const modified = {
    "last-modified": new Date().toUTCString(),
    "content-type": query.get("response-content-type") ?? "binary/octet-stream",
    "content-disposition": query.get("response-content-disposition") ?? "",
  };
  if (method === "HEAD") {
    return new Response(null, {
      headers: { ...modified, "content-length": String(bytes.length) },
    });
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
  if (first === undefined || last === undefined)
    return new Response(bytes.slice(), { headers: modified });
  if (Number(first) >= bytes.length) throw new Refusal(416, "InvalidRange");
  const part = bytes.slice(Number(first), Number(last) + 1);
  return new Response(part, { status: 206, headers: modified });
}

/** A page of parts. */
export function listParts({ parts }: OpenUpload, query: URLSearchParams): Response {
  const after = Number(query.get("part-number-marker") ?? "0");
  const numbers = [...parts.keys()].filter((number) => number > after).sort((a, b) => a - b);
  const page = numbers.slice(0, pageSize);
  const entries = page.map((number) => {
    const bytes = parts.get(number) ?? new Uint8Array();
    return `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${etagOf(bytes)}&quot;</ETag><Size>${bytes.length}</Size></Part>`;
  });
  const isMore = numbers.length > page.length;
  const next = isMore ? `<NextPartNumberMarker>${page.at(-1)}</NextPartNumberMarker>` : "";
  const head = `<IsTruncated>${isMore}</IsTruncated>${next}`;
  return xml(`<ListPartsResult>${head}${entries.join("")}</ListPartsResult>`);
}

/** Keys of a call that deletes several objects. */
export const keysIn = (body: Uint8Array): readonly string[] =>
  [...new TextDecoder().decode(body).matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = ""]) => key);

/** The names on one level of a bucket: the first page is all of it. */
export function listFolders(keys: readonly string[], prefix: string): Response {
  const names = keys.map((key) => key.slice(prefix.length));
  const folders = names.filter((name) => name.includes("/")).map((name) => name.split("/")[0]);
  const plain = names.filter((name) => !name.includes("/"));
  const entries = [
    ...plain.map((name) => `<Contents><Key>${prefix}${name}</Key></Contents>`),
    ...[...new Set(folders)].map(
      (name) => `<CommonPrefixes><Prefix>${prefix}${name}/</Prefix></CommonPrefixes>`,
    ),
  ];
  return xml(
    `<ListBucketResult><IsTruncated>false</IsTruncated>${entries.join("")}</ListBucketResult>`,
  );
}

/** An answer whose connection breaks in the middle of its bytes. */
export function cutInHalf(answer: Response): Response {
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      const bytes = await answer.bytes();
      controller.enqueue(bytes.subarray(0, bytes.length / 2));
      await Bun.sleep(1);
      // Without a reason the runtime prints none.
      controller.error();
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}
