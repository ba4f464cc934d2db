// Another registry, over HTTP, as its API shows it: catalog, tags, referrers. A manifest without a tag is only found where an index
// names it or its subject is here.
import { type Digest, digestOf, readDigest } from "../model/digest.ts";
import { each } from "./each.ts";
import { Ask, type RemoteAnswer, type RemoteLogin } from "./remoteAsk.ts";
import {
  type BlobStream,
  type Source,
  SourceError,
  type SourceListing,
  type SourceManifest,
  type SourceRepository,
} from "./source.ts";

export type { RemoteLogin };

/** What every registry is asked for: without it some convert what they have. */
const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.artifact.manifest.v1+json",
  "application/vnd.cncf.oras.artifact.manifest.v1+json",
  "*/*",
].join(", ");

const pageSize = 1000;
const asksAtOnce = 8;
const blobsAtOnce = 4;

/** @param place `https://host`, `host:port`, `host/repository`. Plain HTTP only by `http://`, or for this machine's own names. */
export function openRemote({
  place,
  repository,
  login,
}: {
  readonly place: string;
  readonly repository: string | null;
  readonly login: RemoteLogin | null;
}): Source {
  const { base, name } = readAddress(place);
  const only = repository ?? name;
  const ask = new Ask(base, login);
  return {
    label: `the registry ${base.host}`,
    isBelow: () => false,
    repositories: async () => (only === null ? listCatalog(ask) : [only]),
    open: (repository) => repositoryOf(ask, repository),
  };
}

const ownNames = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::|\/|$)/;

function readAddress(place: string): { readonly base: URL; readonly name: string | null } {
  const scheme = ownNames.test(place) ? "http://" : "https://";
  const url = URL.parse(/^https?:\/\//.test(place) ? place : `${scheme}${place}`);
  if (url === null) throw new SourceError(`${place} is no address of a registry`);
  if (url.username !== "" || url.password !== "") {
    throw new SourceError(
      "a password does not belong into the address, where others can read it: use --username NAME --password-stdin",
    );
  }
  const name = url.pathname.replace(/^\/(?:v2(?:\/|$))?|\/$/g, "");
  return { base: new URL(url.origin), name: name === "" ? null : name };
}

async function listCatalog(ask: Ask): Promise<string[]> {
  const path = `/v2/_catalog?n=${pageSize}`;
  const found = await pages(ask, path, "registry:catalog:*", "repositories").catch((error) => {
    if (!(error instanceof SourceError)) throw error;
    throw new SourceError(
      `${error.message}. A registry that does not list its repositories is imported one by one: ${ask.base.host}/REPOSITORY`,
    );
  });
  return found;
}

/** Every page of a list of names: `Link` leads on. */
async function pages(ask: Ask, path: string, scope: string, member: string): Promise<string[]> {
  const names: string[] = [];
  let next: string | null = path;
  while (next !== null) {
    const answer = await ask.read(next, { scope });
    if (answer === null) return names;
    const list = memberOf(readJson(answer, next), member);
    if (Array.isArray(list)) names.push(...list.filter((name) => typeof name === "string"));
    next = nextOf(answer, next, ask.base);
  }
  return names;
}

/** Only on the same host: what leads elsewhere is not followed with our credentials. */
function nextOf({ headers }: RemoteAnswer, current: string, base: URL): string | null {
  const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers.get("link") ?? "")?.[1];
  const url = link === undefined ? null : URL.parse(link, new URL(current, base).href);
  if (url === null || url.host !== base.host) return null;
  const path = `${url.pathname}${url.search}`;
  return path === current ? null : path;
}

type ReadManifest = (reference: string) => Promise<RemoteAnswer | null>;

function repositoryOf(ask: Ask, name: string): SourceRepository {
  const scope = `repository:${name}:pull`;
  const read: ReadManifest = (reference) =>
    ask.read(`/v2/${name}/manifests/${reference}`, { scope, headers: { accept } });
  return {
    list: async () => {
      const names = await pages(ask, `/v2/${name}/tags/list?n=${pageSize}`, scope, "tags");
      const digests = await each(names, asksAtOnce, (tag) => digestOfTag(read, tag));
      const tags = new Map<string, Digest>();
      for (const [at, tag] of names.entries()) {
        const digest = digests[at] ?? null;
        if (digest !== null) tags.set(tag, digest);
      }
      return { tags, manifests: await withReferrers(ask, name, [...new Set(tags.values())]) };
    },
    readManifest: async (digest): Promise<SourceManifest | null> => {
      const answer = await read(digest);
      if (answer === null) return null;
      return { body: answer.body, mediaType: answer.headers.get("content-type") };
    },
    blob: (digest) => ({
      kind: "stream",
      open: (offset) => openBlob(ask, { path: `/v2/${name}/blobs/${digest}`, scope, offset }),
    }),
    blobsAtOnce,
  };
}

/** By its bytes, not by what a header says of them. */
async function digestOfTag(read: ReadManifest, tag: string): Promise<Digest | null> {
  const answer = await read(tag);
  if (answer === null) return null;
  const stated = readDigest(answer.headers.get("docker-content-digest") ?? "");
  const isOther = stated?.startsWith("sha512:") ?? false;
  return digestOf(answer.body, isOther ? "sha512" : "sha256");
}

/** Signatures of images, and signatures of those: until no new ones are found. */
async function withReferrers(
  ask: Ask,
  name: string,
  named: readonly Digest[],
): Promise<SourceListing["manifests"]> {
  const all = new Set(named);
  let latest: readonly Digest[] = named;
  while (latest.length > 0) {
    const found = await each(latest, asksAtOnce, (digest) => referrersOf(ask, name, digest));
    latest = [...new Set(found.flat())].filter((digest) => !all.has(digest));
    for (const digest of latest) all.add(digest);
  }
  return [...all];
}

/** A registry without this API keeps them under tags, which are imported with the others. */
async function referrersOf(ask: Ask, name: string, digest: Digest): Promise<Digest[]> {
  const scope = `repository:${name}:pull`;
  const found: Digest[] = [];
  let next: string | null = `/v2/${name}/referrers/${digest}`;
  while (next !== null) {
    const answer = await ask.read(next, { scope, absent: [400, 404, 405] });
    if (answer === null) return found;
    const list = memberOf(readJson(answer, next), "manifests");
    for (const referrer of Array.isArray(list) ? list : []) {
      const stated = memberOf(referrer, "digest");
      const parsed = typeof stated === "string" ? readDigest(stated) : null;
      if (parsed !== null) found.push(parsed);
    }
    next = nextOf(answer, next, ask.base);
  }
  return found;
}

async function openBlob(
  ask: Ask,
  { path, scope, offset }: { path: string; scope: string; offset: number },
): Promise<BlobStream> {
  const headers = { "accept-encoding": "identity" };
  const range = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const answer = await ask.get(path, { scope, headers: { ...headers, ...range } });
  if (answer === null) throw new SourceError(`${ask.base.host} does not hold ${path}`);
  const body = answer.body ?? new Blob([]).stream();
  return { offset: answer.status === 206 ? offset : 0, body };
}

function readJson({ body }: RemoteAnswer, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new SourceError(`the answer to GET ${path} is no JSON: is this a registry?`);
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
