// What a store promises about its content, as a few maps: pure, and nothing of the product in it.
import { stepForward } from "./leases.ts";

/** A manifest as it was pushed. */
export interface Pushed {
  readonly repository: string;
  readonly digest: string;
  /** Blobs that it names. */
  readonly blobs: readonly string[];
  /** Manifests that it names. */
  readonly children: readonly string[];
  readonly subject: string | null;
  readonly tag: string | null;
}

/** What is known of content; times in Unix ms. */
export interface ContentRow {
  readonly createdAt: number;
  readonly keptUntil: number;
  /** When a manifest that named it, or an object made of it, last went; 0 when none did. */
  readonly releasedAt: number;
}

/** Rows as they stand; times in Unix ms. */
export interface Rows {
  /** By digest. */
  readonly contents: Map<string, ContentRow>;
  /** `<repository> <digest>` → when it was linked. */
  readonly links: Map<string, number>;
  /** `<repository> <digest>` → when it was pushed last. */
  readonly manifests: Map<string, number>;
  /** `<repository> <tag>` → digest. */
  readonly tags: Map<string, string>;
  /** `<bucket>/<object>` → digest. */
  readonly objects: Map<string, string>;
  /** By repository: uploads that follow each other. */
  readonly pushes: Map<string, Push>;
}

/** Uploads that follow each other: since when, and until when the next one has to begin; times in Unix ms. */
export interface Push {
  readonly since: number;
  readonly until: number;
}

/** One hour is promised, as the store in test/support has it, and a tenth more is given. */
const promiseMs = 3_600_000;
const leaseMs = 3_960_000;
/** A push that lasts longer keeps nothing. */
const longestPushMs = 24 * promiseMs;
/** A clock that moves by less between two looks is only steered. */
const steeredMs = 60_000;

const key = (repository: string, name: string): string => `${repository} ${name}`;

/** The model of one store. `wall` is what its clock shows, `true time` is what passes; ms. */
export class StoreModel {
  rows: Rows = {
    contents: new Map(),
    links: new Map(),
    manifests: new Map(),
    tags: new Map(),
    objects: new Map(),
    pushes: new Map(),
  };
  wall: number;
  time = 0;
  readonly #known = new Map<string, Pushed>();
  /** What was promised to a client, by link, and until when in true time. */
  readonly #promises = new Map<string, number>();
  #look: { wall: number; time: number } | null = null;
  #doubtUntil = 0;

  constructor(wall: number) {
    this.wall = wall;
  }

  /** Manifests that are there, as they were pushed. */
  manifestsOf(repository: string): readonly Pushed[] {
    return [...this.#known.values()].filter(
      (each) => each.repository === repository && this.#has(each),
    );
  }

  wait(ms: number): void {
    this.wall += ms;
    this.time += ms;
  }

  upload(repository: string, digest: string): void {
    this.#store(digest);
    this.#notePush(repository);
    this.#link(repository, digest);
  }

  head(repository: string, digest: string): boolean {
    if (!this.rows.links.has(key(repository, digest))) return false;
    const content = this.#content(digest);
    const isEnough = content.keptUntil >= this.wall + promiseMs;
    const keptUntil = isEnough ? content.keptUntil : this.wall + leaseMs;
    this.rows.contents.set(digest, { ...content, keptUntil });
    this.promise(repository, digest);
    return true;
  }

  mount(repository: string, digest: string, from: string | null): boolean {
    const sources = [...this.rows.links.keys()].filter((each) => each.endsWith(` ${digest}`));
    if (from === null ? sources.length === 0 : !sources.includes(key(from, digest))) return false;
    this.take(repository, digest);
    return true;
  }

  /** Content that is there is linked, and kept for a lease. */
  take(repository: string, digest: string): void {
    this.#store(digest);
    this.#link(repository, digest);
  }

  /** @returns false when a blob is missing. */
  put(pushed: Pushed, required: readonly string[]): boolean {
    const { repository, digest, tag } = pushed;
    if (required.some((blob) => !this.rows.links.has(key(repository, blob)))) return false;
    this.#known.set(key(repository, digest), pushed);
    this.rows.manifests.set(key(repository, digest), this.wall);
    for (const blob of pushed.blobs) this.#name(blob);
    if (tag !== null) this.rows.tags.set(key(repository, tag), digest);
    return true;
  }

  deleteManifest(repository: string, digest: string): boolean {
    const name = key(repository, digest);
    if (!this.rows.manifests.delete(name)) return false;
    const { blobs = [] } = this.#known.get(name) ?? {};
    for (const blob of blobs) this.letGo(blob);
    for (const [tag, tagged] of this.rows.tags) {
      if (tag.startsWith(`${repository} `) && tagged === digest) this.rows.tags.delete(tag);
    }
    return true;
  }

  deleteTag(repository: string, tag: string): boolean {
    return this.rows.tags.delete(key(repository, tag));
  }

  deleteBlob(repository: string, digest: string): "gone" | "used" | "unknown" {
    const name = key(repository, digest);
    if (!this.rows.links.has(name)) return "unknown";
    if (this.#isUsedIn(repository, digest)) return "used";
    this.rows.links.delete(name);
    this.#promises.delete(name);
    return "gone";
  }

  /** Notes what a client was told. */
  promise(repository: string, digest: string): void {
    const name = key(repository, digest);
    this.#promises.set(name, Math.max(this.#promises.get(name) ?? 0, this.time + promiseMs));
  }

  /** A client took it back. */
  release(repository: string, digest: string): void {
    this.#promises.delete(key(repository, digest));
  }

  /** Compares the wall clock with true time. @returns true when ages prove something. */
  look(patienceMs: number): boolean {
    const before = this.#look ?? this;
    const step = this.wall - before.wall - (this.time - before.time);
    this.#look = { wall: this.wall, time: this.time };
    if (step <= steeredMs) return this.#doubtUntil <= this.time;
    this.#doubtUntil = this.time + patienceMs;
    stepForward(this.rows.contents, { before: before.wall, wall: this.wall, step, patienceMs });
    return this.#doubtUntil <= this.time;
  }

  /** The rule for untagged manifests, until it finds nothing any more. */
  dropUntagged(olderThanMs: number): void {
    const goes = [...this.#known.values()].filter((each) => this.#mayGo(each, olderThanMs));
    for (const { repository, digest } of goes) this.deleteManifest(repository, digest);
    if (goes.length > 0) this.dropUntagged(olderThanMs);
  }

  collect(minAgeMs: number): void {
    const before = this.wall - minAgeMs;
    for (const [link, linkedAt] of this.rows.links) {
      if (linkedAt <= before && this.#isLoose(link)) this.rows.links.delete(link);
    }
    for (const [digest, { createdAt, releasedAt }] of this.rows.contents) {
      const isYoung = createdAt > before || releasedAt > this.wall;
      if (isYoung || this.#isUsed(digest) || this.#isPromised(digest)) continue;
      this.rows.contents.delete(digest);
      for (const link of this.rows.links.keys()) {
        if (link.endsWith(` ${digest}`)) this.rows.links.delete(link);
      }
    }
  }

  /** Links that have to be there now: what is promised, and what a manifest of the repository uses. */
  owed(): readonly string[] {
    const promised = [...this.#promises].filter(([, until]) => until > this.time);
    const used = [...this.rows.links.keys()].filter((link) => {
      const [repository = "", digest = ""] = link.split(" ");
      return this.#isUsedIn(repository, digest);
    });
    return [...new Set([...promised.map(([link]) => link), ...used])];
  }

  /** What named it is gone by request. */
  letGo(digest: string): void {
    const content = this.rows.contents.get(digest);
    if (content === undefined || this.#isUsed(digest)) return;
    this.rows.contents.set(digest, { ...content, releasedAt: this.wall });
  }

  #name(digest: string): void {
    const content = this.rows.contents.get(digest);
    if (content !== undefined) this.rows.contents.set(digest, { ...content, releasedAt: 0 });
  }

  #store(digest: string): void {
    const fresh = { createdAt: this.wall, keptUntil: 0, releasedAt: this.wall };
    const content = this.rows.contents.get(digest) ?? fresh;
    const keptUntil = Math.max(content.keptUntil, this.wall + leaseMs);
    this.rows.contents.set(digest, { ...content, keptUntil });
  }

  /** An upload ends: one more of a push that goes on, or the first of another. */
  #notePush(repository: string): void {
    const push = this.rows.pushes.get(repository) ?? { since: 0, until: 0 };
    if (push.until >= this.wall + leaseMs - leaseMs / 10) return;
    const since = push.until >= this.wall ? push.since : this.wall;
    this.rows.pushes.set(repository, { since, until: this.wall + leaseMs });
  }

  #isLeased(digest: string): boolean {
    return this.#content(digest).keptUntil > this.wall;
  }

  #isLoose(link: string): boolean {
    const [repository = "", digest = ""] = link.split(" ");
    if (this.#isUsedIn(repository, digest) || this.#isLeased(digest)) return false;
    return !this.#isAwaited(repository, digest);
  }

  #isPromised(digest: string): boolean {
    const repositories = this.#linkedTo(digest);
    return this.#isLeased(digest) || repositories.some((each) => this.#isAwaited(each, digest));
  }

  /** It was promised to a push that goes on. */
  #isAwaited(repository: string, digest: string): boolean {
    const { since, until } = this.rows.pushes.get(repository) ?? { since: 0, until: 0 };
    const { keptUntil } = this.#content(digest);
    return until > this.wall && since < keptUntil && keptUntil > this.wall - longestPushMs;
  }

  #linkedTo(digest: string): readonly string[] {
    const links = [...this.rows.links.keys()].filter((link) => link.endsWith(` ${digest}`));
    return links.map((link) => link.slice(0, -digest.length - 1));
  }

  #link(repository: string, digest: string): void {
    const name = key(repository, digest);
    if (!this.rows.links.has(name)) this.rows.links.set(name, this.wall);
    this.promise(repository, digest);
  }

  #content(digest: string): ContentRow {
    return this.rows.contents.get(digest) ?? { createdAt: 0, keptUntil: 0, releasedAt: 0 };
  }

  #has({ repository, digest }: Pick<Pushed, "repository" | "digest">): boolean {
    return this.rows.manifests.has(key(repository, digest));
  }

  #isUsed(digest: string): boolean {
    if ([...this.rows.objects.values()].includes(digest)) return true;
    return [...this.#known.values()].some((each) => this.#has(each) && names(each, digest));
  }

  #isUsedIn(repository: string, digest: string): boolean {
    return this.manifestsOf(repository).some((each) => names(each, digest));
  }

  #mayGo(manifest: Pushed, olderThanMs: number): boolean {
    const { repository, digest, subject } = manifest;
    if (!this.#has(manifest)) return false;
    const pushedAt = this.rows.manifests.get(key(repository, digest)) ?? 0;
    const isTagged = [...this.rows.tags].some(
      ([tag, tagged]) => tagged === digest && tag.startsWith(`${repository} `),
    );
    const parents = this.manifestsOf(repository).filter(({ children }) =>
      children.includes(digest),
    );
    const hasSubject = subject !== null && this.#has({ repository, digest: subject });
    return pushedAt <= this.wall - olderThanMs && !isTagged && parents.length === 0 && !hasSubject;
  }
}

const names = ({ blobs }: Pushed, digest: string): boolean => blobs.includes(digest);
