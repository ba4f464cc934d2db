// One repository: blobs before manifests, manifests before the indexes that name them, tags with their manifests.
import { RegistryError } from "../errors.ts";
import { algorithmOf, type Digest, digestOf } from "../model/digest.ts";
import { type RepositoryName, readTag, type Tag } from "../model/names.ts";
import { type ParsedManifest, parseManifest } from "../registry/manifest.ts";
import { putManifest } from "../registry/manifests.ts";
import { relaxReferences } from "../registry/sparse.ts";
import { type BlobPlace, bringBlobs, type NeededBlob } from "./blobs.ts";
import { refusalOf } from "./refusal.ts";
import { shortDigest } from "./report.ts";
import type { ImportRun, ImportStore } from "./run.ts";
import { SourceError, type SourceManifest } from "./source.ts";

/** A manifest that is about to be imported, with everything it names. */
interface Read extends SourceManifest {
  readonly digest: Digest;
  readonly parsed: ParsedManifest;
}

/** Many small writes share their syncs; manifests of a batch are in memory. */
const mostManifests = 2048;
const mostBytes = 32 * 1024 ** 2;
/** Of the blobs of a batch: they must have their manifests before the lease of the first one ends. */
const mostBlobBytes = 4 * 1024 ** 3;

/** Imports one repository. Safe to stop anywhere and to repeat: what is here is not brought again. */
export class RepositoryImport {
  readonly #run: ImportRun;
  readonly #place: BlobPlace;
  readonly #repository: RepositoryName;
  /** Manifests that were looked at, and how many levels of manifests lie below each. */
  readonly #depths = new Map<Digest, number>();
  readonly #refused = new Set<Digest>();
  readonly #tags = new Map<Digest, Tag[]>();
  /** Indexes by the levels below them, from 1. */
  readonly #indexes: Digest[][] = [];
  #batch: Read[] = [];
  #batchBytes = 0;
  #blobBytes = 0;
  #done = 0;

  constructor(run: ImportRun, place: BlobPlace) {
    this.#run = run;
    this.#place = place;
    this.#repository = place.repository;
  }

  /** @throws SourceError; what keeps this store from storing anything. */
  async run(): Promise<void> {
    const { tags, manifests } = await this.#place.source.list();
    this.#groupTags(tags);
    const listed = new Set([...this.#tags.keys(), ...manifests]);
    for (const digest of listed) {
      await this.#visit(digest);
      this.#run.onProgress("manifests", this.#done, Math.max(listed.size, this.#depths.size));
    }
    await this.#flush();
    for (const level of this.#indexes) {
      for (const digest of level ?? []) {
        const read = await this.#read(digest);
        if (read !== null) await this.#add(read);
        this.#run.onProgress("manifests", this.#done, this.#depths.size);
      }
      await this.#flush();
    }
  }

  #groupTags(tags: ReadonlyMap<string, Digest>): void {
    for (const [name, digest] of tags) {
      const tag = readTag(name);
      if (tag === null) this.#problem(name, "this is no name of a tag");
      else {
        const names = this.#tags.get(digest);
        if (names === undefined) this.#tags.set(digest, [tag]);
        else names.push(tag);
      }
    }
  }

  /** @returns the levels of manifests below it. */
  async #visit(digest: Digest): Promise<number> {
    const known = this.#depths.get(digest);
    if (known !== undefined) return known;
    const depth = await this.#visitNew(digest);
    this.#depths.set(digest, depth);
    return depth;
  }

  async #visitNew(digest: Digest): Promise<number> {
    const { target, report } = this.#run;
    if (await target.hasManifest(this.#repository, digest)) {
      report.manifests.here += 1;
      this.#done += 1;
      await this.#tagHere(digest);
      return 0;
    }
    const read = await this.#read(digest);
    if (read === null) {
      this.#done += 1;
      return 0;
    }
    let depth = 0;
    for (const child of childrenOf(read)) {
      if (await this.#isManifest(child)) depth = Math.max(depth, 1 + (await this.#visit(child)));
    }
    if (depth === 0) await this.#add(read);
    else this.#level(depth).push(digest);
    return depth;
  }

  #level(depth: number): Digest[] {
    const level = this.#indexes[depth] ?? [];
    this.#indexes[depth] = level;
    return level;
  }

  /** An entry of an index may be a blob: BuildKit's caches are made so. */
  async #isManifest(digest: Digest): Promise<boolean> {
    if (this.#depths.has(digest)) return true;
    if (await this.#run.target.hasManifest(this.#repository, digest)) return true;
    return (await this.#place.source.readManifest(digest)) !== null;
  }

  /** @returns null for what cannot be imported: why is noted. */
  async #read(digest: Digest): Promise<Read | null> {
    const found = await this.#place.source.readManifest(digest);
    if (found === null) return this.#refuse(digest, "the source does not hold it");
    const actual = digestOf(found.body, algorithmOf(digest));
    if (actual !== digest) {
      return this.#refuse(digest, `its bytes are damaged: they are ${shortDigest(actual)}`);
    }
    try {
      return { ...found, digest, parsed: parseManifest(found.body, found.mediaType) };
    } catch (error) {
      return this.#refuse(digest, refusalOf(error));
    }
  }

  async #add(read: Read): Promise<void> {
    this.#batch.push(read);
    this.#batchBytes += read.body.byteLength;
    for (const { size } of read.parsed.references) this.#blobBytes += size;
    const isLarge = this.#batchBytes >= mostBytes || this.#blobBytes >= mostBlobBytes;
    if (isLarge || this.#batch.length >= mostManifests) await this.#flush();
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    [this.#batch, this.#batchBytes, this.#blobBytes] = [[], 0, 0];
    if (batch.length === 0) return;
    const failed = await bringBlobs(this.#run, this.#place, this.#blobsOf(batch));
    await Promise.all(batch.map((read) => this.#store(read, failed)));
    this.#done += batch.length;
  }

  /** Each once. What need not be here is brought as well, where the source has it. */
  #blobsOf(batch: readonly Read[]): NeededBlob[] {
    const needed = new Map<Digest, NeededBlob>();
    for (const { digest, size } of batch.flatMap(({ parsed }) => parsed.references)) {
      if (!this.#depths.has(digest)) needed.set(digest, { digest, size });
    }
    return [...needed.values()];
  }

  async #store(read: Read, failed: ReadonlyMap<Digest, string>): Promise<void> {
    const { store, report } = this.#run;
    const { digest } = read;
    const reason = this.#lack(read, failed);
    const tags = reason === null ? await this.#tagsToSet(digest) : [];
    try {
      if (reason !== null) throw new SourceError(reason);
      if (store !== null) await this.#put(store, { ...read, tags });
      report.manifests.imported += 1;
      report.tags.imported += tags.length;
    } catch (error) {
      if (!(await this.#settledTags(read, tags, error))) this.#refuse(digest, refusalOf(error));
    }
  }

  /** @returns why the manifest cannot be stored: what it needs cannot be had; null when all is here. */
  #lack({ parsed }: Read, failed: ReadonlyMap<Digest, string>): string | null {
    for (const { digest, required } of relaxReferences(parsed.references, this.#run.rules.sparse)) {
      if (!required) continue;
      const reason = failed.get(digest);
      if (reason !== undefined) return reason;
      if (this.#refused.has(digest)) {
        return `${shortDigest(digest)}, which it names, was not imported; registry.sparse=indexes takes an index without it`;
      }
    }
    return null;
  }

  async #tagHere(digest: Digest): Promise<void> {
    const { store, report } = this.#run;
    const tags = await this.#tagsToSet(digest);
    if (tags.length === 0) return;
    const { registry } = store?.metadata ?? {};
    const stored = await registry?.findManifest(this.#repository, { digest });
    if (store === null) report.tags.imported += tags.length;
    else if (stored) for (const tag of tags) await this.#setTag(store, { ...stored, tag });
  }

  /** Tags of a manifest, without those that are here, and those that are to stay where they are. */
  async #tagsToSet(digest: Digest): Promise<Tag[]> {
    const { target, request, report } = this.#run;
    const found: Tag[] = [];
    for (const tag of this.#tags.get(digest) ?? []) {
      const here = await target.digestOfTag(this.#repository, tag);
      if (here === digest) report.tags.here += 1;
      else if (here === null || request.overwriteTags) found.push(tag);
      else this.#keep(tag, `it names ${shortDigest(here)} here and ${shortDigest(digest)} there`);
    }
    return found;
  }

  /** A tag that may not move refuses the whole put: then the manifest is stored first, and each tag on its own. */
  async #settledTags(read: Read, tags: readonly Tag[], error: unknown): Promise<boolean> {
    const { store, report } = this.#run;
    const isLocked = error instanceof RegistryError && error.situation === "TAG_IMMUTABLE";
    if (!isLocked || store === null) return false;
    try {
      await this.#put(store, { ...read, tags: [] });
      report.manifests.imported += 1;
    } catch (refusal) {
      this.#refuse(read.digest, refusalOf(refusal));
      return true;
    }
    for (const tag of tags) await this.#setTag(store, { ...read, tag });
    return true;
  }

  async #setTag(store: ImportStore, put: Omit<Put, "tags"> & { readonly tag: Tag }): Promise<void> {
    try {
      await this.#put(store, { ...put, tags: [put.tag] });
      this.#run.report.tags.imported += 1;
    } catch (error) {
      const reason = refusalOf(error);
      this.#keep(put.tag, this.#run.request.overwriteTags ? reason : "it was set here meanwhile");
    }
  }

  /** Whether a tag moves is asked in the transaction: a client may have set it since. */
  async #put(store: ImportStore, { digest, body, mediaType, tags }: Put): Promise<void> {
    const { rules, request } = this.#run;
    const deps = {
      ...{ metadata: store.metadata.registry, clock: store.clock, ...rules },
      immutable: request.overwriteTags ? rules.immutable : () => "another manifest has it",
    };
    const upload = { repository: this.#repository, reference: { digest }, mediaType, body, tags };
    await putManifest(deps, { ...upload, by: null, origin: null });
  }

  #keep(tag: Tag, reason: string): void {
    this.#run.report.kept.push({ repository: this.#repository, reference: tag, reason });
  }

  #refuse(digest: Digest, reason: string): null {
    this.#refused.add(digest);
    const [tag, ...others] = this.#tags.get(digest) ?? [];
    const more = others.length === 0 ? "" : ` and ${others.length} more tags`;
    this.#problem(tag === undefined ? shortDigest(digest) : `${tag}${more}`, reason);
    return null;
  }

  #problem(reference: string, reason: string): void {
    this.#run.report.problems.push({ repository: this.#repository, reference, reason });
  }
}

/** A manifest that is stored, with tags of it. */
interface Put extends SourceManifest {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
}

const childrenOf = ({ parsed }: Read): Digest[] =>
  parsed.references.filter(({ kind }) => kind === "child").map(({ digest }) => digest);
