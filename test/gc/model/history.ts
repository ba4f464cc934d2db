// Does everything to the model and to the real store, and compares answers, rows and files after each thing.
import { expect } from "bun:test";
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../../src/model/names.ts";
import type { Action, Clocking, Collection, RepositoryRequest, Request } from "./actions.ts";
import { type Pushed, StoreModel } from "./model.ts";
import { removeObjects, requestObject } from "./objects.ts";
import type { RealStore } from "./real.ts";

const hour = 3_600_000;
/** What is given where an hour is promised, in ms. */
const lease = 3_960_000;
const types = {
  index: "application/vnd.oci.image.index.v1+json",
  image: "application/vnd.oci.image.manifest.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

const repositoryOf = (number: number): RepositoryName => parseRepositoryName(`model/r${number}`);
const bytesOf = (blob: number): Uint8Array => new TextEncoder().encode(`blob number ${blob}`);
const digestOfBlob = (blob: number): Digest => digestOf(bytesOf(blob));
const blobDescriptor = (blob: number) => ({
  mediaType: types.layer,
  digest: digestOfBlob(blob),
  size: bytesOf(blob).length,
});

const contents = { bytesOf, digestOf: digestOfBlob, repositoryOf };

type ManifestRequest = Extract<RepositoryRequest, { readonly kind: "image" | "index" }>;

/** One history. */
export class History {
  readonly #real: RealStore;
  readonly #model: StoreModel;
  /** Bytes of each manifest that was pushed. */
  readonly #sizes = new Map<string, number>();
  /** The clock was set, and nobody has looked since. */
  #isUnseen = false;
  /** How long a look that finds a step doubts the clock: a collection may look while it runs. Unit: ms. */
  #patienceMs = lease;

  constructor(real: RealStore) {
    this.#real = real;
    this.#model = new StoreModel(real.clock.now());
    // The store was used before: nothing is left but the times of its pushes.
    const { locators: _none, ...rows } = real.rows();
    this.#model.rows = rows;
  }

  /** Looks at the clock: a server does when it starts, and now and then. */
  async look(): Promise<void> {
    await this.#real.look(this.#patienceMs);
    this.#model.look(this.#patienceMs);
    this.#isUnseen = false;
  }

  async act(action: Action): Promise<void> {
    if (action.kind === "collect") return this.#collect(action);
    if (action.kind === "wait" || action.kind === "step") return this.#setClock(action);
    await this.#request(action);
    await this.#compare(action);
  }

  /** Time goes on until every promise is over: what manifests and objects name is left, and without them nothing. */
  async end(): Promise<void> {
    const collection = {
      kind: "collect",
      minAgeMs: 0,
      untaggedOlderThanMs: null,
      meanwhile: [],
    } as const;
    await this.#outlive();
    await this.#collect(collection);
    const used = await removeObjects(this.#real, this.#model);
    for (let at = 0; at < 3; at += 1) {
      const repository = repositoryOf(at);
      for (const { digest, blobs } of this.#model.manifestsOf(repository)) {
        for (const blob of blobs) if (this.#model.rows.contents.has(blob)) used.add(blob);
        await this.#real.deleteManifest(repository, digest);
        this.#model.deleteManifest(repository, digest);
      }
    }
    expect([...this.#model.rows.contents.keys()].sort()).toEqual([...used].sort());
    await this.#outlive();
    await this.#collect(collection);
    expect(await this.#files()).toEqual([]);
  }

  async #outlive(): Promise<void> {
    await this.look();
    const { contents, links } = this.#model.rows;
    const times = [...contents.values()].flatMap((row) => Object.values(row));
    const last = Math.max(this.#model.wall, ...times, ...links.values());
    await this.#setClock({ kind: "wait", ms: last - this.#model.wall + 4 * hour });
  }

  async #setClock({ kind, ms }: Clocking): Promise<void> {
    if (kind === "wait") {
      this.#real.wait(ms);
      this.#model.wait(ms);
      return;
    }
    // Two steps between two looks can undo each other: a server looks often enough.
    if (this.#isUnseen) await this.look();
    // Not before 1970.
    const by = Math.max(ms, 1 - this.#model.wall);
    this.#real.step(by);
    this.#model.wall += by;
    this.#isUnseen = true;
  }

  async #collect({ minAgeMs, untaggedOlderThanMs, meanwhile }: Collection): Promise<void> {
    const coming = [...meanwhile].sort((one, other) => one.after - other.after);
    let moments = 0;
    let disturbed = false;
    const moment = async (): Promise<void> => {
      moments += 1;
      for (let next = coming[0]; next !== undefined && next.after < moments; next = coming[0]) {
        coming.shift();
        disturbed = true;
        await this.#adopt();
        if (next.action.kind === "wait" || next.action.kind === "step") {
          await this.#setClock(next.action);
        } else await this.#request(next.action);
        await this.#adopt();
      }
    };
    this.#patienceMs = Math.max(lease, minAgeMs);
    const isTrusted = this.#model.look(this.#patienceMs);
    this.#isUnseen = false;
    const { state, reason } = await this.#real.collect({ minAgeMs, untaggedOlderThanMs }, moment);
    if (!disturbed) expect(state).toBe(isTrusted ? "done" : "refused");
    expect([state, reason]).not.toEqual(["failed", expect.anything()]);
    if (this.#isUnseen) await this.look();
    this.#patienceMs = lease;
    if (disturbed) return this.#adopt();
    if (isTrusted && untaggedOlderThanMs !== null) this.#model.dropUntagged(untaggedOlderThanMs);
    if (isTrusted) this.#model.collect(minAgeMs);
    await this.#compare({ kind: "collect", minAgeMs, untaggedOlderThanMs, meanwhile });
  }

  /** What is there now is what is there, as long as nothing is missing that somebody was promised. */
  async #adopt(): Promise<void> {
    const { locators, ...rows } = this.#real.rows();
    const missing = this.#model.owed().filter((link) => !rows.links.has(link));
    expect(missing).toEqual([]);
    expect(
      [...rows.links.keys()].filter((link) => !rows.contents.has(link.split(" ")[1] ?? "")),
    ).toEqual([]);
    // Only requests change objects, and what they are made of stays.
    expect([...rows.objects].sort(byName)).toEqual([...this.#model.rows.objects].sort(byName));
    expect([...rows.objects.values()].filter((digest) => !rows.contents.has(digest))).toEqual([]);
    const files = new Set(await this.#files());
    expect(locators.filter((locator) => !files.has(locator))).toEqual([]);
    this.#model.rows = rows;
  }

  async #compare(after: Action): Promise<void> {
    const { locators, ...rows } = this.#real.rows();
    expect([after, sorted(rows)]).toEqual([after, sorted(this.#model.rows)]);
    if (after.kind === "collect")
      expect([after, await this.#files()]).toEqual([after, [...locators]]);
    expect(this.#model.owed().filter((link) => !rows.links.has(link))).toEqual([]);
  }

  async #files(): Promise<string[]> {
    const names = (await Array.fromAsync(this.#real.storage.content.list())).flat();
    return names.map(({ locator }): string => locator).sort();
  }

  async #request(request: Request): Promise<void> {
    if ("name" in request) {
      const both = { real: this.#real, model: this.#model };
      return requestObject(both, request, contents);
    }
    const repository = repositoryOf(request.at);
    switch (request.kind) {
      case "upload":
        await this.#real.upload(repository, bytesOf(request.blob));
        this.#model.upload(repository, digestOfBlob(request.blob));
        return;
      case "head": {
        const digest = digestOfBlob(request.blob);
        const refusal = await this.#real.head(repository, digest);
        expect(refusal).toBe(this.#model.head(repository, digest) ? null : "BLOB_UNKNOWN");
        return;
      }
      case "mount": {
        const digest = digestOfBlob(request.blob);
        const from = request.from === null ? null : repositoryOf(request.from);
        const isMounted = await this.#real.mount(repository, digest, from);
        expect(isMounted).toBe(this.#model.mount(repository, digest, from));
        return;
      }
      case "image":
      case "index":
        return this.#put(repository, request);
      default:
        return this.#delete(repository, request);
    }
  }

  async #delete(
    repository: RepositoryName,
    request: Extract<
      RepositoryRequest,
      { readonly kind: "deleteManifest" | "deleteTag" | "deleteBlob" }
    >,
  ): Promise<void> {
    if (request.kind === "deleteBlob") {
      const digest = digestOfBlob(request.blob);
      const refusals = { gone: null, used: "BLOB_IN_USE", unknown: "BLOB_UNKNOWN" } as const;
      const refusal = await this.#real.deleteBlob(repository, digest);
      expect(refusal).toBe(refusals[this.#model.deleteBlob(repository, digest)]);
      return;
    }
    if (request.kind === "deleteTag") {
      const tag = `tag-${request.tag}`;
      const isKnown = this.#model.deleteTag(repository, tag);
      const refusal = await this.#real.deleteManifest(repository, tag);
      expect(refusal).toBe(isKnown ? null : "MANIFEST_UNKNOWN");
      return;
    }
    const known = this.#pick(repository, request.slot);
    if (known === null) return;
    this.#model.deleteManifest(repository, known.digest);
    expect(await this.#real.deleteManifest(repository, known.digest)).toBeNull();
  }

  async #put(repository: RepositoryName, request: ManifestRequest): Promise<void> {
    const children = request.kind === "index" ? request.children : [];
    const named = children.flatMap((slot) => this.#pick(repository, slot) ?? []);
    const subject =
      request.kind === "image" && request.subject !== null
        ? this.#pick(repository, request.subject)
        : null;
    const body = Buffer.from(JSON.stringify(this.#bodyOf(request, named, subject)));
    const pushed: Pushed = {
      repository,
      digest: digestOf(body),
      blobs: request.blobs.map(digestOfBlob),
      children: named.map(({ digest }) => digest),
      subject: subject?.digest ?? null,
      tag: request.tag === null ? null : `tag-${request.tag}`,
    };
    this.#sizes.set(pushed.digest, body.length);
    const mediaType = types[request.kind];
    const refusal = await this.#real.put({ repository, tag: pushed.tag, body, mediaType });
    const isStored = this.#model.put(pushed, request.kind === "image" ? pushed.blobs : []);
    expect(refusal).toBe(isStored ? null : "MANIFEST_BLOB_UNKNOWN");
  }

  #bodyOf({ kind, blobs }: ManifestRequest, children: readonly Pushed[], subject: Pushed | null) {
    const base = { schemaVersion: 2, mediaType: types[kind] };
    const layers = blobs.map(blobDescriptor);
    if (kind === "index")
      return { ...base, manifests: [...children.map(this.#describe), ...layers] };
    const about = subject === null ? {} : { subject: this.#describe(subject) };
    return { ...base, config: layers[0], layers: layers.slice(1), ...about };
  }

  readonly #describe = ({ digest }: Pushed) => ({
    mediaType: types.image,
    digest,
    size: this.#sizes.get(digest) ?? 0,
  });

  #pick(repository: string, slot: number): Pushed | null {
    const there = this.#model.manifestsOf(repository);
    return there[slot % Math.max(there.length, 1)] ?? null;
  }
}

const sorted = (rows: StoreModel["rows"]) => ({
  contents: [...rows.contents].sort(byName),
  links: [...rows.links].sort(byName),
  manifests: [...rows.manifests].sort(byName),
  tags: [...rows.tags].sort(byName),
  objects: [...rows.objects].sort(byName),
  pushes: [...rows.pushes].sort(byName),
});

const byName = ([one]: [string, unknown], [other]: [string, unknown]): number =>
  one < other ? -1 : 1;
