// The bytes of an object into a sink: from where it ends, as often as the line breaks, and hashed on the way.
import { showBytes } from "../../amounts.ts";
import { type BucketAddress, objectPath } from "./address.ts";
import { type Client, guarded } from "./client.ts";
import { CommandError, LineError, RefusedError } from "./problems.ts";
import { type Patience, persist } from "./retry.ts";
import type { Sink } from "./sinks.ts";
import type { Progress } from "./transfer.ts";

/** Which bytes an object has. */
export interface Wanted {
  readonly size: number;
  /** `sha256:…` or `sha512:…` */
  readonly digest: string;
}

/** The dependencies of a fetch. */
export interface FetchDeps {
  readonly client: Client;
  readonly target: BucketAddress;
  readonly patience: Patience;
  readonly transfer: Progress;
}

const firstByte = { range: "bytes=0-0" };

/** Asks what there is to get, without its bytes. @throws CommandError when the answer is no Breadbox's. */
export async function look(
  client: Client,
  target: BucketAddress,
  stop?: AbortSignal,
): Promise<Wanted> {
  const path = objectPath(target);
  const call = stop === undefined ? {} : { stop };
  const { headers } = await client
    .send(path, { ...call, method: "HEAD" })
    .catch(async (error: unknown) => {
      // An answer to HEAD has no body, and so no message: a GET has the reason.
      if (error instanceof RefusedError) await client.done(path, { ...call, headers: firstByte });
      throw error;
    });
  const digest = readEtag(headers);
  const size = headers.get("content-length");
  if (digest !== null && size !== null) return { digest, size: Number(size) };
  throw new CommandError("The answer has no digest as its ETag, or no length: is this a Breadbox?");
}

/** Etags of objects are their digests. */
function readEtag(headers: Headers): string | null {
  return /^"(sha(?:256|512):[0-9a-f]+)"$/.exec(headers.get("etag") ?? "")?.[1] ?? null;
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
  #isReplaced = false;

  constructor(sink: Sink, deps: FetchDeps, wanted: Wanted) {
    this.#sink = sink;
    this.#deps = deps;
    this.#wanted = wanted;
    this.#hasher = new Bun.CryptoHasher(wanted.digest.startsWith("sha512:") ? "sha512" : "sha256");
  }

  async fetch(): Promise<Outcome> {
    const { transfer, patience } = this.#deps;
    if (this.#sink.offset > this.#wanted.size) return "differs";
    transfer.total = this.#wanted.size;
    transfer.done = this.#sink.offset;
    if (this.#sink.offset > 0) await this.#readBack();
    while (this.#sink.offset < this.#wanted.size && !this.#isReplaced) {
      await persist(patience, () => this.#step());
    }
    if (this.#isReplaced) return "replaced";
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

  /** One request, as far as it gets. @throws LineError when it brought nothing: where bytes came, nothing has failed for long. */
  async #step(): Promise<void> {
    const before = this.#sink.offset;
    try {
      const answer = await this.#ask();
      if (answer !== null) await this.#take(answer);
    } catch (error) {
      if (!(error instanceof LineError) || this.#sink.offset === before) throw error;
    }
  }

  /** @returns the answer whose body continues at the end of the sink; null when it is another object now. */
  async #ask(): Promise<Response | null> {
    const { client, target, patience } = this.#deps;
    const { offset } = this.#sink;
    const etag = `"${this.#wanted.digest}"`;
    const headers = offset === 0 ? {} : { range: `bytes=${offset}-`, "if-range": etag };
    const call = { headers, stop: patience.stop, takes: [416] };
    const answer = await client.send(objectPath(target), call);
    const isWanted = answer.status === (offset === 0 ? 200 : 206);
    if (isWanted && readEtag(answer.headers) === this.#wanted.digest) return answer;
    await answer.body?.cancel();
    this.#isReplaced = true;
    return null;
  }

  async #take({ body }: Response): Promise<void> {
    const { patience, transfer } = this.#deps;
    const reader = body?.getReader();
    try {
      while (reader !== undefined) {
        const { done, value } = await guarded(patience.stop, () => reader.read());
        if (done) break;
        await this.#sink.write(value);
        this.#hasher.update(value);
        transfer.add(value.byteLength);
      }
    } finally {
      await reader?.cancel().catch(() => {});
    }
    if (this.#sink.offset >= this.#wanted.size) return;
    throw new LineError("ECONNRESET", "the answer ended early");
  }
}
