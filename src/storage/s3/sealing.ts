// Staged bytes become content once their digest is what it must be. It is known from the bytes as they came; else they are read.
import { RegistryError } from "../../errors.ts";
import { type Algorithm, algorithmOf, type Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Sealed, SealOptions, Session } from "../staging.ts";
import { answerOf } from "./failures.ts";
import { digestOf, type Hashes } from "./hashes.ts";
import type { Placing } from "./placing.ts";
import { openBytes } from "./reading.ts";
import { parseState } from "./state.ts";
import type { S3Tools } from "./tools.ts";

type Digests = ReadonlyMap<Algorithm, Digest>;

/** The storage's dependencies of sealing. */
export interface SealingOptions {
  readonly tools: S3Tools;
  readonly hashes: Hashes;
  readonly placing: Placing;
}

/** Sessions that are remembered between their seal and their end: those whose commit failed may be ended by another replica. */
const mostSealed = 10_000;

/** Seals sessions. */
export class Sealing {
  readonly #options: SealingOptions;
  readonly #sealed = new Map<UploadId, string>();

  constructor(options: SealingOptions) {
    this.#options = options;
  }

  /** The key that a seal has returned for this session: it is content's, whatever becomes of the session. */
  sealedKey(id: UploadId): string | null {
    return this.#sealed.get(id) ?? null;
  }

  forget(id: UploadId): void {
    this.#options.placing.forget(id);
    this.#sealed.delete(id);
  }

  async seal(session: Session, options: SealOptions): Promise<Sealed> {
    const { tools, placing } = this.#options;
    tools.latch.assertWritable();
    try {
      return await this.#seal(session, options);
    } catch (error) {
      // The client sends them again.
      placing.forget(session.id);
      throw answerOf(error);
    }
  }

  async #seal(session: Session, { as, expected, isStored }: SealOptions): Promise<Sealed> {
    const { placing } = this.#options;
    const { id, offset: size } = session;
    const algorithms = [...new Set<Algorithm>([as, ...expected.map(algorithmOf)])];
    const known = await this.#known(session, algorithms);
    const unread = known === null ? await placing.place(session) : null;
    const digests = known ?? (await this.#read(unread?.key ?? "", size, algorithms));
    for (const asked of expected) {
      const actual = digestBy(digests, algorithmOf(asked));
      if (actual !== asked) return { kind: "mismatch", expected: asked, actual };
    }
    const content = { digest: digestBy(digests, as), size };
    if (await isStored(content)) return { kind: "sealed", locator: null, ...content };
    const placed = unread ?? (await placing.place(session));
    if (unread === null && !placed.isOurs) await this.#compare(placed.key, size, content.digest);
    this.#sealed.set(id, placed.key);
    const [oldest] = this.#sealed.keys();
    if (this.#sealed.size > mostSealed && oldest !== undefined) this.#sealed.delete(oldest);
    return { kind: "sealed", locator: placed.key as Locator, ...content };
  }

  /** @returns null when one of them is not known without reading. */
  async #known(session: Session, algorithms: readonly Algorithm[]): Promise<Digests | null> {
    const found = new Map<Algorithm, Digest>();
    const { hash } = parseState(session.staging);
    for (const algorithm of algorithms) {
      const digest = await this.#options.hashes.digest(session, hash, algorithm);
      if (digest === null) return null;
      found.set(algorithm, digest);
    }
    return found;
  }

  async #compare(key: string, size: number, digest: Digest): Promise<void> {
    const algorithm = algorithmOf(digest);
    const found = await this.#read(key, size, [algorithm]);
    if (found.get(algorithm) !== digest) throw new RegistryError("UPLOAD_DAMAGED");
  }

  async #read(key: string, size: number, algorithms: readonly Algorithm[]): Promise<Digests> {
    const bytes = await openBytes(this.#options.tools.objects, key, { start: 0, end: size });
    if (bytes === null) throw new RegistryError("UPLOAD_UNKNOWN");
    const hashers = algorithms.map((algorithm) => new Bun.CryptoHasher(algorithm));
    for await (const chunk of bytes) for (const hasher of hashers) hasher.update(chunk);
    return new Map(
      algorithms.map((algorithm, index) => {
        const hasher = hashers[index] ?? new Bun.CryptoHasher(algorithm);
        return [algorithm, digestOf({ algorithm, hasher })];
      }),
    );
  }
}

function digestBy(digests: Digests, algorithm: Algorithm): Digest {
  const digest = digests.get(algorithm);
  if (digest === undefined) throw new Error(`no digest by ${algorithm} was made`);
  return digest;
}
