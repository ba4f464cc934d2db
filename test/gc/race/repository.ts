// One repository of a race, to which one pusher alone writes: how it gets content into it, and what it was promised there.
import type { Answer, Client } from "./client.ts";
import type { Content, Image } from "./contents.ts";
import type { Ledger, LiveImage } from "./ledger.ts";

/** What all repositories of a race share. */
export interface RaceDeps {
  readonly client: Client;
  readonly ledger: Ledger;
  /** In [0, 1), the pusher's own. */
  readonly random: () => number;
  /** `gc.minAge` of the server; ms. */
  readonly leaseMs: number;
}

/** What was promised of a blob. Monotonic ms. */
interface Promised {
  readonly content: Content;
  /** What was asked last. */
  readonly by: string;
  readonly since: number;
  readonly until: number;
}

const mostRunningOut = 20;
const octets = { "content-type": "application/octet-stream" };

/** What one pusher knows of its repository. */
export class RaceRepository {
  readonly name: string;
  readonly live = new Set<LiveImage>();
  readonly #deps: RaceDeps;
  /** Blobs that were put here and not taken away again. */
  readonly #promises = new Map<string, Promised>();
  /** Deletions that were begun, and as many ends of them. */
  #removals = 0;

  constructor(deps: RaceDeps, name: string) {
    this.#deps = deps;
    this.name = name;
  }

  get path(): string {
    return `/v2/${this.name}`;
  }

  /** Blobs that were put here and not taken away again, whether they are still promised or not. */
  get known(): readonly Content[] {
    return [...this.#promises.values()].map(({ content }) => content);
  }

  /** Those whose promise has just ended, or does at `now`: the next collection takes them. */
  runningOut(now: number): readonly Content[] {
    return [...this.#promises.values()]
      .filter(({ content, until }) => until <= now && !this.uses(content.digest))
      .slice(-mostRunningOut)
      .map(({ content }) => content);
  }

  /** True when the blob has to be here at `at`. */
  holds(digest: string, at: number): boolean {
    return (this.#promises.get(digest)?.until ?? 0) > at || this.uses(digest);
  }

  /** Tells, later, whether the blob had to be here from now on. */
  watch(digest: string): (at: number) => boolean {
    const since = this.#removals;
    const held = since % 2 === 0 && this.holds(digest, performance.now());
    return (at) => held && this.#removals === since && this.holds(digest, at);
  }

  /** Sends a DELETE after which less is promised. Its pusher sends one at a time. */
  async remove(path: string): Promise<Answer> {
    this.#removals += 1;
    try {
      return await this.#deps.client.ask("DELETE", path);
    } finally {
      this.#removals += 1;
    }
  }

  /** True when an image of this repository names the blob. */
  uses(digest: string): boolean {
    return [...this.live].some(({ blobs }) => blobs.some((blob) => blob.digest === digest));
  }

  /** Gets a blob here by one of the ways clients have, from an object when there is one. @param from another repository that may hold it. */
  async obtain(content: Content, from: string): Promise<void> {
    const way = this.#deps.random();
    const object = this.#deps.ledger.objectOf(content);
    if (object !== undefined && way < 0.4 && (await this.#mount(content, object.bucket))) return;
    if (way < 0.45 && (await this.head(content))) return;
    if (way > 0.7 && (await this.#mount(content, way > 0.8 ? from : null))) return;
    await this.#upload(content);
  }

  /** @returns true when the blob need not be uploaded. */
  async head(content: Content): Promise<boolean> {
    const { client, ledger } = this.#deps;
    const answer = await client.ask("HEAD", `${this.path}/blobs/${content.digest}`);
    if (answer.status === 200) {
      ledger.counts.dedupedHeads += 1;
      this.#promise(content, "HEAD", answer.askedAt);
      return true;
    }
    ledger.counts.headMisses += 1;
    this.#expectAbsent(content.digest, answer, "HEAD of a blob");
    return false;
  }

  /** Deletes a blob: it stays only when an image of this repository names it. */
  async deleteBlob(digest: string): Promise<void> {
    const { client, ledger } = this.#deps;
    const used = this.uses(digest);
    const answer = await this.remove(`${this.path}/blobs/${digest}`);
    if (used) {
      ledger.counts.refusedDeletions += 1;
      if (answer.status === 405) return;
      ledger.note("lost", `DELETE of a blob in use, ${digest}: ${answer.status} ${answer.text}`);
      return;
    }
    const isUnsure = answer.again && answer.status === 404;
    if (answer.status !== 202 && !isUnsure) this.#expectAbsent(digest, answer, "DELETE of a blob");
    this.#promises.delete(digest);
    ledger.counts.deletedBlobs += 1;
    const after = await client.ask("HEAD", `${this.path}/blobs/${digest}`);
    if (after.status !== 404) ledger.note("others", `a deleted blob answers ${after.status}`);
  }

  /** Pushes a manifest whose blobs were obtained. @returns null when a promise ran out meanwhile, and it was refused. */
  async putManifest(image: Image, tag: string): Promise<LiveImage | null> {
    const { client, ledger } = this.#deps;
    const { manifest, mediaType, blobs } = image;
    const answer = await client.ask("PUT", `${this.path}/manifests/${tag}`, {
      headers: { "content-type": mediaType },
      body: manifest.bytes,
    });
    if (answer.status === 201) {
      ledger.counts.manifests += 1;
      const live: LiveImage = { ...image, repository: this.name, tag, doomed: false };
      this.live.add(live);
      ledger.live.add(live);
      return live;
    }
    const gone = blobs.filter(({ digest }) => !this.holds(digest, answer.answeredAt));
    const isUnknown = answer.text.includes("BLOB_UNKNOWN");
    if (isUnknown && gone.length > 0) {
      ledger.counts.lateManifests += 1;
      return null;
    }
    const kind = isUnknown ? "falseUnknowns" : "others";
    ledger.note(kind, `PUT of a manifest to ${this.name}: ${answer.status} ${answer.text}`);
    return null;
  }

  async #mount(content: Content, from: string | null): Promise<boolean> {
    const { client, ledger } = this.#deps;
    const source = from === null ? "" : `&from=${from}`;
    const path = `${this.path}/blobs/uploads/?mount=${content.digest}${source}`;
    const isKept = ledger.watchBucket(from, content);
    const answer = await client.ask("POST", path);
    if (answer.status === 201) {
      ledger.counts.mounts += 1;
      if (isKept()) ledger.counts.bucketMounts += 1;
      this.#promise(content, `mount from ${from}`, answer.askedAt);
      return true;
    }
    ledger.counts.mountMisses += 1;
    if (answer.status !== 202) {
      ledger.note("others", `a mount: ${answer.status} ${answer.text}`);
      return false;
    }
    if (isKept()) ledger.note("falseUnknowns", `a mount of ${content.digest} from ${from}`);
    await this.#finish(answer, content, content.bytes);
    return true;
  }

  async #upload(content: Content): Promise<void> {
    const { client, ledger, random } = this.#deps;
    const way = random();
    const uploads = `${this.path}/blobs/uploads/`;
    if (way < 0.35) return this.#uploadAtOnce(content);
    const session = await client.ask("POST", uploads);
    if (way < 0.6) {
      await this.#finish(session, content, content.bytes);
      return;
    }
    ledger.counts.chunkedUploads += 1;
    const cut = Math.floor(content.bytes.length * random());
    const first = content.bytes.slice(0, cut);
    const sent = { headers: octets, body: first, once: true };
    const chunk = await client.ask("PATCH", placeOf(session), sent);
    if (chunk.status === 0) return this.#startOver(content, { place: placeOf(session), kept: 0 });
    await this.#finish(chunk, content, content.bytes.slice(cut));
  }

  /** The closing PUT of a session, with what is left of the blob. */
  async #finish(session: Answer, content: Content, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const place = placeOf(session);
    const path = `${place}${place.includes("?") ? "&" : "?"}digest=${content.digest}`;
    const { client, random } = this.#deps;
    const closed = await client.ask("PUT", path, { headers: octets, body, once: true });
    if (closed.status === 0) {
      const kept = content.bytes.length - body.length;
      return this.#startOver(content, { place, kept });
    }
    this.#uploaded(content, closed);
    // As if the answer had been lost.
    if (random() < 0.1) this.#repeated(content, await client.ask("PUT", path));
  }

  /** A collection may have taken the blob, when the answer was longer on its way than the lease. */
  #repeated(content: Content, answer: Answer): void {
    if (answer.status === 404 && !this.holds(content.digest, answer.answeredAt)) return;
    this.#uploaded(content, answer, "repeated closing PUT");
  }

  async #uploadAtOnce(content: Content): Promise<void> {
    const path = `${this.path}/blobs/uploads/?digest=${content.digest}`;
    const { client } = this.#deps;
    this.#uploaded(
      content,
      await client.ask("POST", path, { headers: octets, body: content.bytes }),
    );
  }

  /** The server was killed while bytes arrived: the session has those that were answered, or has become the blob. */
  async #startOver(content: Content, { place, kept }: { place: string; kept: number }) {
    const { client, ledger } = this.#deps;
    const { status, headers, text } = await client.ask("GET", place);
    const end = Number(/^0-(\d+)$/.exec(headers.get("range") ?? "")?.[1] ?? -1);
    // `0-0` means none as well.
    const isThere = status === 204 && end + 1 >= kept;
    if (!isThere && status !== 404) ledger.note("lost", `${place} had ${kept}: ${status} ${text}`);
    await client.ask("DELETE", place);
    await this.#uploadAtOnce(content);
  }

  #uploaded(content: Content, { status, text, askedAt }: Answer, by = "upload"): void {
    const { ledger } = this.#deps;
    if (status !== 201) {
      ledger.note("others", `an upload to ${this.name}: ${status} ${text}`);
      return;
    }
    ledger.counts.uploads += 1;
    this.#promise(content, by, askedAt);
  }

  #promise(content: Content, by: string, since: number): void {
    const { ledger, leaseMs } = this.#deps;
    const until = Math.max(this.#promises.get(content.digest)?.until ?? 0, since + leaseMs);
    // The latest promises stand last.
    this.#promises.delete(content.digest);
    this.#promises.set(content.digest, { content, by, since, until });
    ledger.promised(content, since);
  }

  /** Of a promise that was broken at `at`. */
  #history(digest: string, at: number): string {
    const promised = this.#promises.get(digest);
    const use = this.uses(digest) ? "an image uses it" : "no image uses it";
    if (promised === undefined) return use;
    const { by, since, until } = promised;
    return `${by} ${Math.round(at - since)} ms before, ${Math.round(until - at)} ms left, ${use}`;
  }

  #expectAbsent(digest: string, answer: Answer, what: string): void {
    const { status, answeredAt, text, headers, again } = answer;
    const { ledger } = this.#deps;
    if (status !== 404) {
      if (status < 500 && status > 0) ledger.note("others", `${what}: ${status} ${text}`);
      return;
    }
    if (this.holds(digest, answeredAt)) {
      const request = `request ${headers.get("x-request-id")}${again ? ", sent again" : ""}`;
      const history = this.#history(digest, answeredAt);
      ledger.note(
        "lost",
        `${what} of ${this.name}, ${digest}: 404 ${text} (${history}, ${request})`,
      );
    }
  }
}

const placeOf = ({ headers }: Answer): string => headers.get("location") ?? "/no-location";
