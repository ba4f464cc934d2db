// Staged parts of objects in a bucket: each version is an object of its own.
import { RegistryError } from "../../errors.ts";
import { algorithmOf } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { PartPlace, StagedPart } from "../../model/staged.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Parts, ReceivedPart, RecordedPart } from "../parts.ts";
import type { AppendOptions, Body, Sealed, SealOptions } from "../staging.ts";
import { assemble } from "./assembling.ts";
import { answering } from "./content.ts";
import { mostBytes } from "./grid.ts";
import type { Hashes } from "./hashes.ts";
import type { Leftovers } from "./leftovers.ts";
import { partKey, partPlace } from "./names.ts";
import type { Sealing } from "./sealing.ts";
import type { S3Tools } from "./tools.ts";
import { storeBody } from "./wholeObject.ts";

/** The storage's dependencies of parts. */
export interface PartsOptions {
  readonly tools: S3Tools;
  readonly hashes: Hashes;
  readonly sealing: Sealing;
  readonly leftovers: Leftovers;
}

/** This group of the port. */
export class S3Parts implements Parts {
  readonly #options: PartsOptions;
  /** What an upload's end in this process ends as well. */
  readonly #running = new Map<UploadId, Set<AbortController>>();
  readonly #completing = new Map<UploadId, AbortController>();

  constructor(options: PartsOptions) {
    this.#options = options;
  }

  receive(
    id: UploadId,
    number: number,
    body: Body,
    { expected, signal }: Pick<AppendOptions, "expected" | "signal">,
  ): Promise<ReceivedPart> {
    const { tools } = this.#options;
    return answering(async () => {
      tools.latch.assertWritable();
      const most = mostBytes(tools.grid);
      if ((expected ?? 0) > most) {
        throw new RegistryError("DISK_FULL", { message: `a part has at most ${most} bytes here` });
      }
      const place = partPlace(id, number, tools.newId());
      const object = { id, kind: "assembly", key: partKey(place) } as const;
      return this.#during(id, signal, async (ending) => {
        const stored = await storeBody(tools, object, body, { expected, signal: ending.signal });
        // The upload was dropped while its last call ran.
        if (ending.signal.aborted) await this.drop(place);
        ending.signal.throwIfAborted();
        return { place, ...stored };
      });
    });
  }

  /** A version that cannot be removed now is dropped with its upload. */
  async recorded(_id: UploadId, { replaced }: RecordedPart): Promise<void> {
    if (replaced !== null) await this.drop(replaced.place).catch(() => {});
  }

  complete(
    id: UploadId,
    parts: readonly StagedPart[],
    options: Omit<SealOptions, "as">,
  ): Promise<Sealed> {
    const never = new AbortController().signal;
    this.#completing.get(id)?.abort(new RegistryError("MULTIPART_COMPLETING"));
    return answering(() =>
      this.#during(id, never, async (ending) => {
        this.#completing.set(id, ending);
        try {
          return await this.#complete({ id, parts, signal: ending.signal }, options);
        } finally {
          if (this.#completing.get(id) === ending) this.#completing.delete(id);
        }
      }),
    );
  }

  async #complete(
    of: {
      readonly id: UploadId;
      readonly parts: readonly StagedPart[];
      readonly signal: AbortSignal;
    },
    { expected, isStored }: Omit<SealOptions, "as">,
  ): Promise<Sealed> {
    const { tools } = this.#options;
    tools.latch.assertWritable();
    const { size, digests, publish, drop } = await assemble(tools, { ...of, expected });
    try {
      for (const asked of expected) {
        const actual = digests.get(algorithmOf(asked)) ?? asked;
        if (actual !== asked) {
          await drop();
          return { kind: "mismatch", expected: asked, actual };
        }
      }
      const digest = digests.get("sha256");
      if (digest === undefined) throw new Error("no digest by sha256 was made");
      const isKnown = await isStored({ digest, size });
      of.signal.throwIfAborted();
      const locator = isKnown ? null : ((await publish()) as Locator);
      if (isKnown) await drop();
      return { kind: "sealed", locator, digest, size };
    } catch (error) {
      await drop();
      throw error;
    }
  }

  async drop(place: PartPlace): Promise<void> {
    await answering(() => this.#options.tools.objects.remove(partKey(place)));
  }

  async discard(id: UploadId): Promise<void> {
    const { hashes, sealing, leftovers } = this.#options;
    for (const ending of this.#running.get(id) ?? []) {
      ending.abort(new RegistryError("MULTIPART_UNKNOWN"));
    }
    hashes.forget(id);
    sealing.forget(id);
    await answering(() => leftovers.discardFound(id, "parts"));
  }

  list(): AsyncIterable<UploadId> {
    return this.#options.leftovers.listParts();
  }

  /** @param use gets what is aborted when the upload is dropped here, or by `signal`. */
  async #during<T>(
    id: UploadId,
    signal: AbortSignal,
    use: (ending: AbortController) => Promise<T>,
  ): Promise<T> {
    const ending = new AbortController();
    const onAbort = () => ending.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const running = this.#running.get(id) ?? new Set();
    this.#running.set(id, running.add(ending));
    try {
      return await use(ending);
    } finally {
      signal.removeEventListener("abort", onAbort);
      running.delete(ending);
      if (running.size === 0 && this.#running.get(id) === running) this.#running.delete(id);
    }
  }
}
