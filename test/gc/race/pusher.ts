// A pusher of a race: pushes, deletes and looks in its own repositories, in an order that its seed draws.
import type { Answer, Client } from "./client.ts";
import { type Content, type Image, makeCache, makeImage } from "./contents.ts";
import type { Ledger, LiveImage } from "./ledger.ts";
import { pullImage } from "./puller.ts";
import { type RaceDeps, RaceRepository } from "./repository.ts";

/** What a pusher works with. */
export interface PusherDeps extends RaceDeps {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly pool: readonly Content[];
  /** Names of all repositories of the race: mounts come from anywhere. */
  readonly everywhere: readonly string[];
  /** Longest rest between two things, in ms. */
  readonly restMs: number;
}

const mostImages = 3;
const mostLayers = 4;
/** A heap of garbage takes the collection several transactions. */
const mostAbandoned = 25;
const repositoriesEach = 2;

/** Names of a pusher's repositories. */
export const repositoriesOf = (pusher: number): readonly string[] =>
  Array.from({ length: repositoriesEach }, (_, number) => `race/pusher-${pusher}-${number}`);

/** Draws what to do next, until it is stopped. */
export class Pusher {
  readonly repositories: readonly RaceRepository[];
  readonly #deps: PusherDeps;
  readonly #name: string;
  #count = 0;

  constructor(deps: PusherDeps, pusher: number) {
    this.#deps = deps;
    this.#name = `pusher ${pusher}`;
    this.repositories = repositoriesOf(pusher).map((name) => new RaceRepository(deps, name));
  }

  /** Works until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    const { random, restMs } = this.#deps;
    while (!isOver()) {
      await this.#step();
      await Bun.sleep(random() * restMs);
    }
  }

  async #step(): Promise<void> {
    const { random } = this.#deps;
    const repository = pick(this.repositories, random());
    if (repository === undefined) return;
    if (repository.live.size > mostImages) return this.#deleteManifest(repository);
    const choice = random();
    if (choice < 0.12) return this.#snatch(repository);
    if (choice < 0.5) return this.#push(repository);
    if (choice < 0.65) return this.#abandon(repository);
    if (choice < 0.75) return this.#deleteManifest(repository);
    if (choice < 0.8) return this.#deleteTag(repository);
    if (choice < 0.9) return this.#deleteBlob(repository);
    return this.#look(repository);
  }

  async #push(repository: RaceRepository): Promise<void> {
    const { random, leaseMs } = this.#deps;
    const image = this.#draw(repository);
    await this.#obtain(repository, image.blobs);
    // Now and then the manifest comes when the leases are about to end.
    if (random() < 0.1) await Bun.sleep(random() * leaseMs * 0.48);
    this.#count += 1;
    const live = await repository.putManifest(image, `tag-${this.#count}`);
    if (live !== null && random() < 0.5) await pullImage(this.#deps, live);
  }

  /** Uses what the next collection is about to take, at the moment when it takes it. */
  async #snatch(repository: RaceRepository): Promise<void> {
    const { ledger, random } = this.#deps;
    const spanMs = await ledger.nextCollection();
    const blobs = repository.runningOut(performance.now());
    if (blobs.length === 0) return;
    // Each at a moment of its own: some before it is looked at, some between the look and the deletion, some after it.
    const obtained = blobs.map(async (blob) => {
      await Bun.sleep(random() * spanMs);
      await this.#obtain(repository, [blob]);
    });
    await Promise.all(obtained);
    this.#count += 1;
    await repository.putManifest(
      makeCache(`${this.#name} ${this.#count}`, blobs),
      `tag-${this.#count}`,
    );
  }

  /** As docker does: several blobs at a time. */
  async #obtain(repository: RaceRepository, blobs: readonly Content[]): Promise<void> {
    const { random, everywhere } = this.#deps;
    // A layer may be the config of an image of everybody. Asked for twice at once, it is neither there nor not.
    const each = new Map(blobs.map((blob) => [blob.digest, blob])).values();
    await Promise.all(
      [...each].map((blob) => repository.obtain(blob, pick(everywhere, random()) ?? "")),
    );
  }

  /** Half of the images share all their bytes with an image of somebody else, the other half at least their layers. */
  #draw(repository: RaceRepository): Image {
    const { random } = this.#deps;
    const layers = new Set<Content>();
    const count = 1 + Math.floor(random() * mostLayers);
    for (let tries = 0; layers.size < count && tries < 50; tries += 1) {
      const layer = this.#drawLayer(repository);
      if (layer !== undefined) layers.add(layer);
    }
    const kind = random();
    if (kind < 0.15) return makeCache(`${this.#name} ${this.#count}`, [...layers]);
    const name = kind < 0.5 ? "of everybody" : `${this.#name} ${this.#count}`;
    return makeImage(name, [...layers]);
  }

  /** Often one that the collection is about to take, from here or from everywhere; now and then one that an object is made of. */
  #drawLayer(repository: RaceRepository): Content | undefined {
    const { random, pool, ledger, leaseMs } = this.#deps;
    const object = random() < 0.15 ? pick([...ledger.objects], random()) : undefined;
    if (object?.content) return object.content;
    const where = random();
    const now = performance.now();
    const here = where < 0.4 ? pick(repository.runningOut(now), random()) : undefined;
    if (here !== undefined || where > 0.7) return here ?? pick(pool, random());
    return ledger.findRunningOut(pool, random(), leaseMs) ?? pick(pool, random());
  }

  /** Blobs that no manifest will ever name, and sometimes a session that nobody will ever close. */
  async #abandon(repository: RaceRepository): Promise<void> {
    const { random, client, pool } = this.#deps;
    const start = Math.floor(random() * pool.length);
    await this.#obtain(repository, pool.slice(start, start + Math.floor(random() * mostAbandoned)));
    if (random() < 0.05) await client.ask("POST", `${repository.path}/blobs/uploads/`);
  }

  async #deleteManifest(repository: RaceRepository): Promise<void> {
    const { random, client, ledger } = this.#deps;
    const image = pick([...repository.live], random());
    if (image === undefined) return;
    const others = [...repository.live].filter(
      (each) => each.manifest.digest === image.manifest.digest,
    );
    for (const each of others) each.doomed = true;
    const path = `${repository.path}/manifests/${image.manifest.digest}`;
    const answer = await repository.remove(path);
    if (!isDeleted(answer)) ledger.note("lost", `DELETE of a manifest: ${answer.status}`);
    for (const each of others) {
      repository.live.delete(each);
      ledger.live.delete(each);
    }
    ledger.counts.deletedManifests += 1;
    const after = await client.ask("GET", path);
    if (after.status !== 404) ledger.note("others", `a deleted manifest answers ${after.status}`);
  }

  async #deleteTag(repository: RaceRepository): Promise<void> {
    const { random, client, ledger } = this.#deps;
    const image = pick([...repository.live], random());
    if (image === undefined || image.tag === null) return;
    const path = `${repository.path}/manifests/${image.tag}`;
    image.tag = null;
    const answer = await client.ask("DELETE", path);
    if (!isDeleted(answer)) ledger.note("lost", `DELETE of a tag: ${answer.status}`);
    ledger.counts.deletedTags += 1;
    await pullImage(this.#deps, image);
  }

  async #deleteBlob(repository: RaceRepository): Promise<void> {
    const blob = pick(repository.known, this.#deps.random());
    if (blob !== undefined) await repository.deleteBlob(blob.digest);
  }

  async #look(repository: RaceRepository): Promise<void> {
    const { random } = this.#deps;
    const image: LiveImage | undefined = pick([...repository.live], random());
    const blob = image === undefined ? undefined : pick(image.blobs, random());
    if (blob !== undefined) await repository.head(blob);
  }
}

/** One whose answer was lost has perhaps been done. */
const isDeleted = ({ status, again }: Answer): boolean =>
  status === 202 || (again && status === 404);

function pick<T>(items: readonly T[], random: number): T | undefined {
  return items[Math.floor(random * items.length)];
}
