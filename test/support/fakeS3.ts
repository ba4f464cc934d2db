// A strict S3 server in memory, whose answers can be refused or lost. It refuses what any real one refuses, lists in short pages,
// and forgets an upload that was completed.
import type { BucketOptions } from "../../src/storage/s3/client.ts";
import {
  bodyOf,
  copied,
  cutInHalf,
  etagOf,
  keysIn,
  listFolders,
  listParts,
  nameOf,
  now,
  type OpenUpload,
  pageSize,
  Refusal,
  readObject,
  stored,
  xml,
} from "./fakeS3Requests.ts";
import { localBucket } from "./s3Server.ts";

/**
 * What happens to a call: it is not carried out, or its answer is lost, and the status is what is answered instead. Or the bytes of
 * an object break off in the middle.
 */
export interface Fault {
  readonly when: "before" | "after" | "cut";
  /** 503: the caller tries again. 403: it gives up, as a process does that dies here. */
  readonly status: 503 | 403;
}

/** A call that arrives. */
export interface FakeCall {
  readonly name: string;
  readonly key: string;
}

/** How the server differs from others. */
export interface FakeOptions {
  /** Parts are not shorter, the last one aside; bytes. */
  readonly minPart: number;
  /** It completes no upload without all of its parts (radosgw). */
  readonly wantsAllParts: boolean;
  readonly fault: (call: FakeCall) => Fault | null;
  /** How far its clock is ahead; ms. */
  readonly aheadMs: number;
  /** It deletes objects one by one only. */
  readonly lacksDeleteObjects: boolean;
}

/** S3 believes no call that is older or younger; ms. */
const mostSkewMs = 15 * 60_000;

/** The server. */
export class FakeS3 {
  readonly objects = new Map<string, Uint8Array>();
  readonly uploads = new Map<string, OpenUpload>();
  readonly calls: FakeCall[] = [];
  readonly bucket: BucketOptions;
  readonly #options: FakeOptions;
  readonly #server: Bun.Server<undefined>;
  #uploadIds = 0;

  constructor(options: Partial<FakeOptions> = {}) {
    const none = { minPart: 5 * 1024 * 1024, wantsAllParts: false, fault: () => null };
    this.#options = { ...none, aheadMs: 0, lacksDeleteObjects: false, ...options };
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      maxRequestBodySize: 1024 ** 3,
      fetch: async (request) => {
        const answer = await this.#answer(request);
        answer.headers.set("date", new Date(this.#now).toUTCString());
        return answer;
      },
    });
    this.bucket = localBucket(this.#server.port ?? 0);
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  get #now(): number {
    return Date.now() + this.#options.aheadMs;
  }

  #assertNow(request: Request): void {
    // 20261121T120000Z
    const [, day = "", time = ""] =
      /^(\d{8})T(\d{6})Z$/.exec(request.headers.get("x-amz-date") ?? "") ?? [];
    if (day === "") return;
    const text = `${day.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`;
    if (Math.abs(Date.parse(text) - this.#now) > mostSkewMs) {
      throw new Refusal(403, "RequestTimeTooSkewed");
    }
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.split("/").slice(2).join("/"));
    const name = nameOf(request, url);
    this.calls.push({ name, key });
    const fault = this.#options.fault({ name, key });
    try {
      const body = await bodyOf(request);
      this.#assertNow(request);
      if (fault?.when !== "before") {
        const response = this.#carryOut(name, key, request, url, body);
        if (fault === null) return response;
        if (fault.when === "cut") return name.startsWith("Head") ? response : cutInHalf(response);
      }
      throw new Refusal(fault?.status ?? 500, fault?.status === 503 ? "SlowDown" : "AccessDenied");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (request.method === "HEAD") return new Response(null, { status: error.status });
      return xml(`<Error><Code>${error.code}</Code></Error>`, error.status);
    }
  }

  #carryOut(
    ...[name, key, request, url, body]: [string, string, Request, URL, Uint8Array]
  ): Response {
    const query = url.searchParams;
    switch (name) {
      case "HeadBucket":
        return new Response();
      case "PutObject":
        this.objects.set(key, body);
        return stored(body);
      case "GetObject":
      case "HeadObject":
        return readObject(this.#object(key), request);
      case "DeleteObject":
        this.objects.delete(key);
        return new Response(null, { status: 204 });
      case "DeleteObjects":
        if (this.#options.lacksDeleteObjects) throw new Refusal(501, "NotImplemented");
        for (const each of keysIn(body)) this.objects.delete(each);
        return xml("<DeleteResult></DeleteResult>");
      case "unknown":
        throw new Refusal(501, "NotImplemented");
      case "CopyObject":
        this.objects.set(key, this.#source(request));
        return copied("CopyObjectResult", this.#object(key));
      case "ListObjectsV2":
        return this.#listObjects(query);
      case "ListMultipartUploads":
        return this.#listUploads(query);
      case "CreateMultipartUpload":
        return this.#create(key);
      default:
        return this.#onUpload(name, this.#upload(key, query), { request, query, body });
    }
  }

  #onUpload(
    name: string,
    upload: OpenUpload,
    {
      request,
      query,
      body,
    }: { readonly request: Request; readonly query: URLSearchParams; readonly body: Uint8Array },
  ): Response {
    const number = Number(query.get("partNumber"));
    const isNumber = Number.isInteger(number) && number >= 1 && number <= 10_000;
    if (name.startsWith("UploadPart") && !isNumber) throw new Refusal(400, "InvalidArgument");
    switch (name) {
      case "UploadPart":
        upload.parts.set(number, body);
        return stored(body);
      case "UploadPartCopy": {
        const source = this.#source(request);
        upload.parts.set(number, source);
        return copied("CopyPartResult", source);
      }
      case "ListParts":
        return listParts(upload, query);
      case "AbortMultipartUpload":
        this.uploads.delete(query.get("uploadId") ?? "");
        return new Response(null, { status: 204 });
      case "CompleteMultipartUpload":
        return this.#complete(upload, query, new TextDecoder().decode(body));
      default:
        throw new Refusal(501, "NotImplemented");
    }
  }

  #object(key: string): Uint8Array {
    const found = this.objects.get(key);
    if (found === undefined) throw new Refusal(404, "NoSuchKey");
    return found;
  }

  #upload(key: string, query: URLSearchParams): OpenUpload {
    const found = this.uploads.get(query.get("uploadId") ?? "");
    if (found?.key !== key) throw new Refusal(404, "NoSuchUpload");
    return found;
  }

  #create(key: string): Response {
    this.#uploadIds += 1;
    this.uploads.set(`upload-${this.#uploadIds}`, { key, parts: new Map() });
    const id = `<UploadId>upload-${this.#uploadIds}</UploadId>`;
    return xml(`<InitiateMultipartUploadResult>${id}</InitiateMultipartUploadResult>`);
  }

  /** A range of a short object cannot be copied (S3 API, UploadPartCopy). */
  #source(request: Request): Uint8Array {
    const path = decodeURIComponent(request.headers.get("x-amz-copy-source") ?? "");
    const source = this.#object(path.split("/").slice(1).join("/"));
    const range = request.headers.get("x-amz-copy-source-range");
    if (range === null) return source;
    if (source.length <= this.#options.minPart) throw new Refusal(400, "InvalidRequest");
    const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    if (Number(last) >= source.length) throw new Refusal(400, "InvalidArgument");
    return source.slice(Number(first), Number(last) + 1);
  }

  #complete(upload: OpenUpload, query: URLSearchParams, body: string): Response {
    const wanted = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: (/<ETag>(.*?)</.exec(part)?.[1] ?? "").replace(/&quot;|"/g, ""),
    }));
    const parts = wanted.map(({ number, etag }, index) => {
      const part = upload.parts.get(number);
      if (number <= (wanted[index - 1]?.number ?? 0)) throw new Refusal(400, "InvalidPartOrder");
      if (part === undefined || etagOf(part) !== etag) throw new Refusal(400, "InvalidPart");
      const isShort = index < wanted.length - 1 && part.length < this.#options.minPart;
      if (isShort) throw new Refusal(400, "EntityTooSmall");
      return part;
    });
    if (parts.length === 0) throw new Refusal(400, "MalformedXML");
    const isAll = parts.length === upload.parts.size;
    if (this.#options.wantsAllParts && !isAll) throw new Refusal(400, "InvalidPart");
    this.objects.set(upload.key, Buffer.concat(parts));
    this.uploads.delete(query.get("uploadId") ?? "");
    return xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
  }

  #listObjects(query: URLSearchParams): Response {
    const after = query.get("continuation-token") ?? "";
    const prefix = query.get("prefix") ?? "";
    const all = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    if (query.has("delimiter")) return listFolders(all, prefix);
    const keys = all.filter((key) => key > after).sort();
    const page = keys.slice(0, pageSize);
    const entries = page.map((key) => {
      const size = this.objects.get(key)?.length ?? 0;
      return `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>${now()}</LastModified></Contents>`;
    });
    const isMore = keys.length > page.length;
    const next = isMore ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    const head = `<IsTruncated>${isMore}</IsTruncated>${next}`;
    return xml(`<ListBucketResult>${head}${entries.join("")}</ListBucketResult>`);
  }

  #listUploads(query: URLSearchParams): Response {
    const markers = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
    const [keyMarker = "", idMarker = ""] = markers;
    const found = [...this.uploads]
      .map(([id, { key }]) => ({ id, key }))
      .filter(({ key }) => key.startsWith(query.get("prefix") ?? ""))
      .filter(({ id, key }) => key > keyMarker || (key === keyMarker && id > idMarker))
      .sort((a, b) => (a.key < b.key || (a.key === b.key && a.id < b.id) ? -1 : 1));
    const page = found.slice(0, pageSize);
    const entries = page.map(
      ({ id, key }) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${now()}</Initiated></Upload>`,
    );
    const last = page.at(-1);
    const next = `<NextKeyMarker>${last?.key}</NextKeyMarker><NextUploadIdMarker>${last?.id}</NextUploadIdMarker>`;
    const isMore = found.length > page.length;
    const head = `<IsTruncated>${isMore}</IsTruncated>${isMore ? next : ""}`;
    return xml(
      `<ListMultipartUploadsResult>${head}${entries.join("")}</ListMultipartUploadsResult>`,
    );
  }
}
