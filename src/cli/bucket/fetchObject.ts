// The bytes of an object into a sink: from where it ends, as often as the line breaks, and hashed on the way.
import { showBytes } from "../../amounts.ts";
import {
  bytesOf,
  look,
  type ReadDeps,
  ReplacedError,
  type Wanted,
} from "../../client/objectBytes.ts";
import { CommandError } from "../../client/problems.ts";
import type { Progress } from "../../client/progress.ts";
import { persist } from "../../client/retry.ts";
import type { Sink } from "./sinks.ts";

/** The dependencies of a fetch. */
export interface FetchDeps extends ReadDeps {
  readonly transfer: Progress;
}

/** How often an object may be replaced while it is fetched. */
const attempts = 3;

/** Fetches until the sink holds the whole object. @throws CommandError when its bytes are not those of its digest. */
export async function fetchInto(sink: Sink, deps: FetchDeps, first: Wanted): Promise<Wanted> {
  const { client, target, transfer, patience } = deps;
  let wanted = first;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const begun = sink.offset;
    const outcome = await new Attempt(sink, deps, wanted).fetch();
    if (outcome === "whole") return wanted;
    const canRestart = await sink.restart();
    if (outcome === "differs" && begun === 0) break;
    if (!canRestart)
      throw new CommandError("The object was replaced during the download: run the command again.");
    transfer.say(
      outcome === "replaced"
        ? "The object was replaced during the download: getting the new one"
        : "The partial file belongs to another version of the object: getting all of it",
    );
    wanted = await persist(patience, () => look(client, target, patience.stop));
  }
  throw new CommandError(
    "The received bytes do not match the digest: they were damaged on the way, or on the server.",
  );
}

type Outcome = "whole" | "differs" | "replaced";

/** One attempt at one object's bytes. */
class Attempt {
  readonly #sink: Sink;
  readonly #deps: FetchDeps;
  readonly #wanted: Wanted;
  readonly #hasher: Bun.CryptoHasher;

  constructor(sink: Sink, deps: FetchDeps, wanted: Wanted) {
    this.#sink = sink;
    this.#deps = deps;
    this.#wanted = wanted;
    this.#hasher = new Bun.CryptoHasher(wanted.digest.startsWith("sha512:") ? "sha512" : "sha256");
  }

  async fetch(): Promise<Outcome> {
    const { transfer } = this.#deps;
    if (this.#sink.offset > this.#wanted.size) return "differs";
    transfer.total = this.#wanted.size;
    transfer.done = this.#sink.offset;
    if (this.#sink.offset > 0) await this.#readBack();
    try {
      const { offset } = this.#sink;
      for await (const bytes of bytesOf(this.#deps, this.#wanted, { offset })) {
        await this.#sink.write(bytes);
        this.#hasher.update(bytes);
        transfer.add(bytes.byteLength);
      }
    } catch (error) {
      if (error instanceof ReplacedError) return "replaced";
      throw error;
    }
    const actual = `${this.#hasher.algorithm}:${this.#hasher.digest("hex")}`;
    return actual === this.#wanted.digest ? "whole" : "differs";
  }

  /** Hashes what is there. */
  async #readBack(): Promise<void> {
    const { transfer } = this.#deps;
    transfer.say(`resuming: ${showBytes(this.#sink.offset)} are there`);
    await this.#sink.readBack((bytes) => {
      transfer.stop.throwIfAborted();
      this.#hasher.update(bytes);
    });
  }
}
