// What is asked of a store that grows: each operation once, on a connection that is kept.
import { randomBytes } from "node:crypto";
import { digestOf } from "../../../src/model/digest.ts";
import { bucket, tagged } from "./seedAll.ts";

/** Asks for `path`. @throws Error for an answer above 299. */
type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** One operation. */
export interface Operation {
  readonly label: string;
  /** Asks once. @param turn differs each time. */
  readonly run: (turn: number) => Promise<unknown>;
}

const indexType = "application/vnd.oci.image.index.v1+json";
const index = `{"schemaVersion":2,"mediaType":"${indexType}","manifests":[]}`;
const own = "growth/own";

/** Asks a server. */
export const askOf =
  (port: number): Ask =>
  async (path, init) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${init?.method ?? "GET"} ${path}: ${answer.status}`);
    return answer;
  };

const postBlob = async (ask: Ask, body: Uint8Array): Promise<string> => {
  const digest = digestOf(body);
  await ask(`/v2/${own}/blobs/uploads/?digest=${digest}`, { method: "POST", body });
  return digest;
};

/** The operations on a store with `count` of everything. */
export async function operationsOn(ask: Ask, count: number): Promise<readonly Operation[]> {
  const put = { method: "PUT", body: index, headers: { "content-type": indexType } };
  const digest = await postBlob(ask, randomBytes(1024));
  const object = `/v1/buckets/${bucket}/objects`;
  await ask(`${object}/own`, { method: "PUT", body: randomBytes(1024) });
  const session = await ask(`/v2/${own}/blobs/uploads/`, { method: "POST" });
  const { pathname } = new URL(session.headers.get("location") ?? "", "http://localhost");
  // Spread over the whole list, and nowhere twice in a row.
  const at = (turn: number): string => String((turn * 7919) % count).padStart(7, "0");
  return [
    { label: "GET a manifest by tag", run: (turn) => ask(`/v2/${tagged}/manifests/t${at(turn)}`) },
    { label: "PUT a manifest, new tag", run: (n) => ask(`/v2/${tagged}/manifests/n${n}`, put) },
    {
      label: "page of 100 tags, anywhere",
      run: (turn) => ask(`/v2/${tagged}/tags/list?n=100&last=t${at(turn)}`),
    },
    {
      label: "page of 100 repositories, anywhere",
      run: (turn) => ask(`/v2/_catalog?n=100&last=bench/r${at(turn)}`),
    },
    {
      label: "PUT a manifest, new repository",
      run: (turn) => ask(`/v2/growth/new${turn}/manifests/latest`, put),
    },
    {
      label: "HEAD of a blob",
      run: () => ask(`/v2/${own}/blobs/${digest}`, { method: "HEAD" }),
    },
    { label: "POST of a blob of 1 KiB", run: () => postBlob(ask, randomBytes(1024)) },
    {
      label: "begin an upload",
      run: () => ask(`/v2/${own}/blobs/uploads/`, { method: "POST" }),
    },
    { label: "offset of an upload", run: () => ask(pathname) },
    { label: "GET an object", run: () => ask(`${object}/own`) },
    {
      label: "PUT an object of 1 KiB",
      run: (turn) => ask(`${object}/n${turn}`, { method: "PUT", body: randomBytes(1024) }),
    },
    {
      label: "page of 100 objects, anywhere",
      run: (turn) => ask(`${object}?limit=100&after=seeded/o${at(turn)}`),
    },
  ];
}
