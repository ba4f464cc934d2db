// A client that pushes small images, each blob in one request, and moves one tag from image to image.
import { randomNumbers } from "../support/bytes.ts";
import { buildImage, type Content, type Image, pullAll, pullBlob } from "../support/images.ts";
import type { Lane, PowerFigures } from "./figures.ts";
import { ask, BrokenPromise, between, locationOf, type Target } from "./promise.ts";

/** Pushes until the power fails; `settle` after the next start, then on it goes. */
export class ImageLane implements Lane {
  readonly #target: Target;
  readonly #random: () => number;
  readonly #blobs = new Set<string>();
  readonly #manifests = new Set<string>();
  #count = 0;
  /** What `latest` may point to: the last that was answered, and those that were asked for since. */
  #latest: string[] = [];
  #answered = false;

  constructor(target: Target) {
    this.#target = target;
    this.#random = randomNumbers(`${target.seed}/choices`);
  }

  get openUploads(): readonly string[] {
    return [];
  }

  get figures(): Partial<PowerFigures> {
    return { blobs: this.#blobs.size, manifests: this.#manifests.size };
  }

  async run(): Promise<void> {
    for (;;) await this.#push();
  }

  /** After a restart: the tag points where it was put, or where it was being put. @throws BrokenPromise. */
  async settle(): Promise<void> {
    if (this.#latest.length === 0) return;
    const answer = await ask("GET", `${this.#target.repository}/manifests/latest`);
    const digest = answer.headers.get("docker-content-digest") ?? "";
    if (answer.status === 404 && !this.#answered) {
      this.#latest = [];
      return;
    }
    if (!this.#latest.includes(digest)) {
      const seed = `${this.#target.seed}, image ${this.#count}`;
      throw new BrokenPromise(`${seed}: latest is ${answer.status} ${digest}, not ${this.#latest}`);
    }
    await pullAll(this.#target.repository, "latest");
    this.#latest = [digest];
    this.#answered = true;
  }

  async verify(): Promise<void> {
    for (const digest of this.#blobs) await pullBlob(this.#target.repository, digest);
    for (const digest of this.#manifests) await pullAll(this.#target.repository, digest);
  }

  async #push(): Promise<void> {
    this.#count += 1;
    // Two lanes with one seed push the same content at the same time, into two repositories.
    const image = buildImage({
      seed: `${this.#target.seed}/${this.#count}`,
      layerSizes: [between(0, 40_000, this.#random()), between(0, 3_000, this.#random())],
    });
    for (const blob of image.blobs) await this.#pushBlob(blob);
    await this.#putManifest(image, image.manifest.digest);
    this.#latest.push(image.manifest.digest);
    await this.#putManifest(image, "latest");
    this.#latest = [image.manifest.digest];
    this.#answered = true;
  }

  async #pushBlob({ digest, bytes }: Content): Promise<void> {
    const uploads = `${this.#target.repository}/blobs/uploads/`;
    if (this.#random() < 0.5) {
      expect(await ask("POST", `${uploads}?digest=${digest}`, { body: bytes }), 201);
    } else {
      const session = await ask("POST", uploads);
      expect(session, 202);
      expect(await ask("PUT", `${locationOf(session)}?digest=${digest}`, { body: bytes }), 201);
    }
    this.#blobs.add(digest);
  }

  async #putManifest({ manifest }: Image, reference: string): Promise<void> {
    const answer = await ask("PUT", `${this.#target.repository}/manifests/${reference}`, {
      headers: { "content-type": manifest.mediaType },
      body: manifest.bytes,
    });
    expect(answer, 201);
    this.#manifests.add(manifest.digest);
  }
}

function expect(answer: Response, status: number): void {
  if (answer.status === status) return;
  throw new BrokenPromise(`${answer.status}, not ${status}, from ${answer.url}`);
}
