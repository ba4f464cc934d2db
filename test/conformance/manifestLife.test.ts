// What the conformance program asks of manifests, in tests of our own that run where it cannot be had: whole graphs, by either
// algorithm, pushed by digest and under tags, listed, referred to, deleted tag by tag and manifest by manifest.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { digestWith } from "../support/bytes.ts";
import { Scope } from "../support/scope.ts";

const types = {
  image: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
} as const;

type Algorithm = "sha256" | "sha512";

/** A manifest as it is pushed. */
interface Pushed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly body: string;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: string;
}

/** Fields of a manifest, as far as a test looks at them. */
type Fields = Readonly<Record<string, unknown>> & {
  readonly subject?: { readonly digest: string };
  readonly artifactType?: string;
};

/** Makes the manifests of one graph in the order they are pushed; blobs that they name are collected. */
class Graph {
  readonly blobs = new Map<string, string>();
  readonly manifests: Pushed[] = [];
  readonly #algorithm: Algorithm;

  constructor(algorithm: Algorithm) {
    this.#algorithm = algorithm;
  }

  /** A descriptor of a text; it is pushed unless it is `absent`. */
  blob(mediaType: string, text: string, absent = false) {
    const digest = this.digest(text);
    if (!absent) this.blobs.set(digest, text);
    return { mediaType, digest, size: Buffer.byteLength(text) };
  }

  digest = (text: string): string => digestWith(this.#algorithm, Buffer.from(text));

  image(name: string, more: Fields = {}, absent = false): Pushed {
    const config = this.blob("application/vnd.oci.image.config.v1+json", `{"name":"${name}"}`);
    const layer = this.blob("application/vnd.oci.image.layer.v1.tar", `layer ${name}`, absent);
    return this.#add(types.image, { config, layers: [layer], ...more });
  }

  index(children: readonly Pushed[], more: Fields = {}): Pushed {
    return this.#add(types.index, { manifests: children.map(descriptor), ...more });
  }

  #add(mediaType: string, document: Fields): Pushed {
    const annotations = { "org.example.number": String(this.manifests.length) };
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...document, annotations });
    const { artifactType, subject } = document;
    const pushed = {
      ...{ mediaType, digest: this.digest(body), size: Buffer.byteLength(body), body, annotations },
      ...(artifactType !== undefined && { artifactType }),
      ...(subject && { subject: subject.digest }),
    };
    this.manifests.push(pushed);
    return pushed;
  }
}

const descriptor = ({ mediaType, digest, size }: Pushed) => ({ mediaType, digest, size });
/** A manifest that nobody has pushed. */
const nowhere = (graph: Graph, mediaType: string) => graph.blob(mediaType, "nowhere", true);

const graphs: readonly (readonly [string, (graph: Graph) => void])[] = [
  ["an image", (graph) => graph.image("one")],
  ["an index", (graph) => graph.index([graph.image("a"), graph.image("b")])],
  [
    "an index of indexes",
    (graph) => graph.index([graph.index([graph.image("c")]), graph.index([])]),
  ],
  ["an artifact", (graph) => graph.image("d", { artifactType: "application/x.thing" })],
  ["an index with a type", (graph) => graph.index([graph.image("e")], { artifactType: "a/list" })],
  ["an image without layers", (graph) => graph.image("f", { layers: [] })],
  [
    "artifacts about an image",
    (graph) => {
      const subject = descriptor(graph.image("g"));
      graph.image("h", { subject, artifactType: "application/x.signature" });
      graph.image("i", { subject, artifactType: "application/x.bill" });
      graph.index([graph.image("j")], { subject, artifactType: "application/x.bill" });
    },
  ],
  [
    "an artifact about nothing that is here",
    (graph) =>
      graph.image("k", {
        subject: nowhere(graph, types.image),
        artifactType: "application/x.late",
      }),
  ],
  [
    "sparse manifests",
    (graph) => {
      const missing = nowhere(graph, types.image);
      graph.image("l", {}, true);
      graph.index([], { manifests: [missing, missing] });
    },
  ],
];

const scope = new Scope();
let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startBreadbox(scope, { env: { BREADBOX_REGISTRY_SPARSE: "all" } });
});
afterAll(() => scope.close());

/** One request to the repository. @throws Error with the answer when it has another status. */
async function ask(status: number, path: string, init: RequestInit = {}) {
  const response = await fetch(path.startsWith("/v2/") ? `${registry.url}${path}` : path, init);
  const body = await response.text();
  if (response.status === status) return { headers: response.headers, body };
  throw new Error(`${init.method} ${path}: ${response.status}\n${body}`);
}

const push = ({ mediaType, body }: Pushed, path: string) =>
  ask(201, path, { method: "PUT", headers: { "content-type": mediaType }, body });

async function expectServed(place: string, { mediaType, digest, size, body }: Pushed) {
  for (const method of ["HEAD", "GET"]) {
    const served = await ask(200, place, { method });
    expect(served.headers.toJSON()).toMatchObject({
      "content-type": mediaType,
      "content-length": String(size),
      "docker-content-digest": digest,
    });
    expect(served.body).toBe(method === "GET" ? body : "");
  }
}

async function tagsAfter(repository: string, last: string): Promise<unknown> {
  return JSON.parse((await ask(200, `${repository}/tags/list?last=${last}`)).body).tags;
}

async function referrers(repository: string, subject: string, filter = ""): Promise<unknown> {
  const { headers, body } = await ask(200, `${repository}/referrers/${subject}${filter}`);
  expect(headers.get("content-type")).toBe(types.index);
  return JSON.parse(body).manifests;
}

/** What the list of referrers says of a manifest. */
const referrer = ({ body: _, subject: __, ...described }: Pushed) => described;
const byDigest = (a: Pushed, b: Pushed): number => (a.digest < b.digest ? -1 : 1);

async function expectReferrers(repository: string, manifests: readonly Pushed[]): Promise<void> {
  for (const { subject, artifactType } of manifests) {
    if (subject === undefined) continue;
    const all = manifests.filter((each) => each.subject === subject).sort(byDigest);
    const listed = await referrers(repository, subject);
    expect(listed).toBeArrayOfSize(all.length);
    expect(listed).toEqual(expect.arrayContaining(all.map(referrer)));
    const typed = all.filter((each) => each.artifactType === artifactType);
    const filtered = await referrers(repository, subject, `?artifactType=${artifactType}`);
    expect(filtered).toBeArrayOfSize(typed.length);
    expect(filtered).toEqual(expect.arrayContaining(typed.map(referrer)));
  }
}

async function pushAll(repository: string, { blobs, manifests }: Graph): Promise<string[]> {
  for (const [digest, body] of blobs) {
    await ask(201, `${repository}/blobs/uploads/?digest=${digest}`, { method: "POST", body });
  }
  const tags: string[] = [];
  for (const [number, manifest] of manifests.entries()) {
    const path = `${repository}/manifests/${manifest.digest}`;
    const pushed = await push(manifest, path);
    expect(pushed.headers.get("oci-subject")).toBe(manifest.subject ?? null);
    await expectServed(pushed.headers.get("location") ?? "", manifest);
    const own = [`t${number}-a`, `t${number}-b`];
    const tagged = await push(manifest, `${path}?tag=${own.join("&tag=")}`);
    expect(tagged.headers.get("oci-tag")).toBe(own.join(", "));
    for (const tag of own) await expectServed(`${repository}/manifests/${tag}`, manifest);
    tags.push(...own);
  }
  return tags;
}

async function deleteAll(repository: string, { manifests }: Graph, tags: readonly string[]) {
  for (const [number, tag] of tags.entries()) {
    const place = `${repository}/manifests/${tag}`;
    await ask(202, place, { method: "DELETE" });
    await ask(404, place, { method: "HEAD" });
    expect(await tagsAfter(repository, "")).toEqual(tags.slice(number + 1));
  }
  for (const { digest, subject } of manifests.toReversed()) {
    const place = `${repository}/manifests/${digest}`;
    await ask(202, place, { method: "DELETE" });
    await ask(404, place, { method: "HEAD" });
    if (subject !== undefined) {
      expect(await referrers(repository, subject)).not.toContainEqual(
        expect.objectContaining({ digest }),
      );
    }
  }
}

describe.each(["sha256", "sha512"] as const)("named by %s", (algorithm) => {
  test.each(graphs)("%s: pushed, listed, referred to, deleted", async (what, make) => {
    const repository = `/v2/life/${algorithm}/${what.replaceAll(" ", "-")}`;
    const graph = new Graph(algorithm);
    make(graph);

    const tags = await pushAll(repository, graph);

    expect(await tagsAfter(repository, "")).toEqual(tags);
    expect(await tagsAfter(repository, "t0-a")).toEqual(tags.slice(1));
    await expectReferrers(repository, graph.manifests);
    await deleteAll(repository, graph, tags);
  });
});

test("a manifest under a wrong or malformed digest is refused", async () => {
  const graph = new Graph("sha256");
  const image = graph.image("refused", { layers: [] });
  const init = { method: "PUT", headers: { "content-type": types.image }, body: image.body };
  for (const digest of [graph.digest("other"), "sha256:baddigeststring"]) {
    await ask(400, `/v2/life/refused/manifests/${digest}`, init);
  }
  await ask(404, `/v2/life/refused/manifests/${image.digest}`);
});
