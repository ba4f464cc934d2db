// A storer of a race: puts, replaces and deletes objects in a bucket of its own, often of bytes that are pushed to repositories as well,
// or that nobody has any more and the next collection is about to take.
import type { Answer } from "./client.ts";
import { type Content, makePool } from "./contents.ts";
import { type ObjectDeps, RaceObject, readObject } from "./objects.ts";
import { type PartsDeps, putInParts } from "./parts.ts";
import type { RaceRepository } from "./repository.ts";

/** What a storer works with. */
export interface StorerDeps extends ObjectDeps, PartsDeps {
  readonly pool: readonly Content[];
  /** Those of the pushers: whose blobs become objects. */
  readonly repositories: readonly RaceRepository[];
  /** `gc.minAge` of the server; ms. */
  readonly leaseMs: number;
  /** Longest rest between two things, in ms. */
  readonly restMs: number;
}

const namesEach = 10;
const ownContents = 100;
const octets = { "content-type": "application/octet-stream" };
const json = { "content-type": "application/json" };

/** Draws what to do next, until it is stopped. */
export class Storer {
  readonly #deps: StorerDeps;
  readonly #bucket: string;
  readonly #objects: readonly RaceObject[];
  /** What nobody else has, unless it is mounted from here. */
  readonly #own: readonly Content[];

  constructor(deps: StorerDeps, storer: number) {
    this.#deps = deps;
    this.#bucket = `race-bucket-${storer}`;
    this.#own = makePool(this.#bucket, ownContents);
    this.#objects = Array.from(
      { length: namesEach },
      (_, number) => new RaceObject(this.#bucket, `path/to/object-${number}`),
    );
  }

  /** Works until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    const { client, ledger, random, restMs } = this.#deps;
    const body = JSON.stringify({ name: this.#bucket });
    const created = await client.ask("POST", "/v1/buckets", { body });
    if (created.status !== 201 && !created.again)
      ledger.note("others", `a bucket: ${created.status}`);
    for (const object of this.#objects) ledger.objects.add(object);
    while (!isOver()) {
      await this.#step();
      await Bun.sleep(random() * restMs);
    }
  }

  async #step(): Promise<void> {
    const { random } = this.#deps;
    const object = pick(this.#objects, random());
    if (object === undefined) return;
    const choice = random();
    if (choice < 0.15) return this.#snatch();
    if (choice < 0.35) return this.#put(object, this.#draw());
    if (choice < 0.55) return this.#putInParts(object, this.#draw());
    if (choice < 0.75) return this.#link(object, pick(this.#deps.repositories, random()));
    return this.#delete(object);
  }

  /** Lets go of everything, and puts it again when the next collection takes it: before the look, after it, while it deletes. */
  async #snatch(): Promise<void> {
    const { ledger, random } = this.#deps;
    const released = this.#objects.map(({ content }) => content ?? this.#draw());
    await Promise.all(this.#objects.map((object) => this.#delete(object)));
    const spanMs = await ledger.nextCollection();
    const stored = this.#objects.map(async (object, index) => {
      await Bun.sleep(random() * spanMs);
      const content = random() < 0.8 ? released[index] : undefined;
      if (content !== undefined) return this.#put(object, content);
      return this.#link(object, pick(this.#deps.repositories, random()));
    });
    await Promise.all(stored);
  }

  async #put(object: RaceObject, content: Content): Promise<void> {
    const { client, ledger } = this.#deps;
    const before = object.content;
    object.begin(content);
    const answer = await client.ask("PUT", object.path, { headers: octets, body: content.bytes });
    const stored = isPut(answer, before);
    if (!stored) ledger.note("others", `${object.path}: ${answer.status} ${answer.text}`);
    object.end(stored);
    ledger.counts.putObjects += 1;
    await this.#changed(object, before);
  }

  async #putInParts(object: RaceObject, content: Content): Promise<void> {
    const before = object.content;
    if (await putInParts(this.#deps, object, content)) await this.#changed(object, before);
  }

  /** Makes an object of a repository's blob, often of one whose promise has just ended. */
  async #link(object: RaceObject, repository: RaceRepository | undefined): Promise<void> {
    const { client, ledger, random } = this.#deps;
    const ending = random() < 0.5 ? repository?.runningOut(performance.now()) : undefined;
    const content = pick(ending ?? repository?.known ?? [], random());
    if (repository === undefined || content === undefined) return;
    const before = object.content;
    const isHeld = repository.watch(content.digest);
    const from = { repository: repository.name, digest: content.digest };
    object.begin(content);
    const body = JSON.stringify({ from });
    const answer = await client.ask("PUT", object.path, { headers: json, body });
    const { status, text, answeredAt } = answer;
    const linked = isPut(answer, before) && text.includes(content.digest);
    object.end(linked || (answer.again && (await this.#isMadeOf(object, content))));
    if (linked) {
      ledger.counts.linkedObjects += 1;
      await this.#changed(object, before);
      return;
    }
    ledger.counts.linkMisses += 1;
    const what = `a link from ${from.repository} of ${from.digest}: ${status} ${text}`;
    if (status !== 404 || !text.includes("BLOB_UNKNOWN")) ledger.note("others", what);
    else if (isHeld(answeredAt)) ledger.note("falseUnknowns", what);
  }

  async #delete(object: RaceObject): Promise<void> {
    const { client, ledger } = this.#deps;
    const before = object.content;
    if (before === null) return;
    object.begin(null);
    const { status, text, again } = await client.ask("DELETE", object.path);
    const isDeleted = status === 204 || (again && status === 404);
    if (!isDeleted) ledger.note("lost", `DELETE of ${object.path}: ${status} ${text}`);
    object.end(isDeleted);
    ledger.counts.deletedObjects += 1;
    await this.#changed(object, before);
  }

  /** The link that had no answer was made, although another one could not be. */
  async #isMadeOf({ path }: RaceObject, { digest }: Content): Promise<boolean> {
    return (await this.#deps.client.ask("GET", path)).digest === digest;
  }

  /** @param before what it was made of, and what nobody may have any more. */
  async #changed(object: RaceObject, before: Content | null): Promise<void> {
    if (before !== null) this.#deps.ledger.release(before);
    if (this.#deps.random() < 0.3) await readObject(this.#deps, object);
  }

  /** Mostly what is pushed as well or was until a moment ago. */
  #draw(): Content {
    const { ledger, random, pool, leaseMs } = this.#deps;
    const where = random();
    const released = where < 0.35 ? pick(ledger.released, random()) : undefined;
    const pushed = where > 0.65 ? ledger.findRunningOut(pool, random(), leaseMs) : undefined;
    const drawn = released ?? pushed ?? pick(random() < 0.5 ? this.#own : pool, random());
    if (drawn === undefined) throw new Error("the pool is empty");
    return drawn;
  }
}

/** One whose answer was lost replaces itself. */
const isPut = ({ status, again }: Answer, before: Content | null): boolean =>
  status === (before === null ? 201 : 200) || (again && status === 200);

function pick<T>(items: readonly T[], random: number): T | undefined {
  return items[Math.floor(random * items.length)];
}
