// One object's name of a race, to which one storer alone writes: what it was made of, one thing after the other, and so what a reader
// may get while it is being changed.
import type { Client } from "./client.ts";
import type { Content } from "./contents.ts";
import type { Ledger } from "./ledger.ts";

/** What asking for objects works with. */
export interface ObjectDeps {
  readonly client: Client;
  readonly ledger: Ledger;
}

/** A name in a bucket. */
export class RaceObject {
  readonly bucket: string;
  readonly name: string;
  /** null for no object. What a change under way is about to make of it stands at the end already. */
  readonly #states: (Content | null)[] = [null];
  /** Where the state stands that was answered last. */
  #settled = 0;

  constructor(bucket: string, name: string) {
    this.bucket = bucket;
    this.name = name;
  }

  get path(): string {
    return `/v1/buckets/${this.bucket}/objects/${this.name}`;
  }

  /** As it was answered last; null when there is none. */
  get content(): Content | null {
    return this.#states[this.#settled] ?? null;
  }

  get isChanging(): boolean {
    return this.#settled < this.#states.length - 1;
  }

  /** To be called before the request is sent. */
  begin(next: Content | null): void {
    this.#states.push(next);
  }

  /** The request was answered. @param happened false when all is as before. */
  end(happened: boolean): void {
    if (!happened) this.#states.push(this.content);
    this.#settled = this.#states.length - 1;
  }

  /** Gives, later, the digests that it had from now on, was to have, or may have had; null among them for no object. */
  watch(): () => ReadonlySet<string | null> {
    const since = this.#settled;
    return () => new Set(this.#states.slice(since).map((content) => content?.digest ?? null));
  }
}

/** Gets an object and hashes every byte. What was answered and not deleted has to be there, whole, whatever goes on. */
export async function readObject({ client, ledger }: ObjectDeps, object: RaceObject) {
  const possible = object.watch();
  const { status, digest, headers, text } = await client.ask("GET", object.path);
  const states = possible();
  ledger.counts.readObjects += 1;
  if (status === 404 && states.has(null)) return;
  if (status !== 200) {
    ledger.note("lost", `${object.path}: ${status} ${text}`);
    return;
  }
  if (!states.has(digest)) ledger.note("lost", `${object.path}: the bytes are ${digest}`);
  const etag = headers.get("etag");
  if (etag !== `"${digest}"`) ledger.note("lost", `${object.path}: ${digest} is called ${etag}`);
}

/** Reads all objects over and over, until `isOver`. */
export async function readUntil(
  deps: ObjectDeps & { readonly restMs: number },
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    for (const object of deps.ledger.objects) {
      if (isOver()) return;
      await readObject(deps, object);
      await Bun.sleep(deps.restMs / 2);
    }
    await Bun.sleep(1);
  }
}
