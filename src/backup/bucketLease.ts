// One backup of a bucket at a time, whichever machines make them: an object that its holder replaces again and again. Nobody compares
// clocks of two machines: a holder is gone when its object has not changed for a while by the clock of the one who waits.
import type { BucketObjects, ObjectText } from "./bucketObjects.ts";
import { BackupError } from "./target.ts";

/** The object's name. */
export const leaseName = "lease";

/** What a lease needs. */
export interface LeaseDeps {
  readonly objects: Pick<BucketObjects, "readText" | "putText">;
  /** Of the target, for people. */
  readonly name: string;
  /** This process's name, and whether another one of such a name is alive. */
  readonly self: string;
  readonly isAlive: (process: string) => boolean;
  readonly newId: () => string;
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms; it may stand still while the machine sleeps. */
  readonly now: () => number;
  readonly rest: (ms: number) => Promise<void>;
  readonly stop: AbortSignal;
  readonly say: (text: string) => void;
}

/** ms. */
export interface LeaseTimes {
  /** Between two signs of life. */
  readonly renewMs: number;
  /** A holder without a sign of life for so long is gone. More than three times `renewMs`, and than any single request lasts. */
  readonly goneMs: number;
  /** Between two looks at another one's lease. */
  readonly lookMs: number;
}

/** Each sign of life is a change in the other Breadbox, with an entry in its audit trail. */
const usualTimes: LeaseTimes = { renewMs: 30_000, goneMs: 150_000, lookMs: 2_000 };

interface Held {
  /** null: it was given up. */
  readonly owner: string | null;
}

const textOf = (owner: string | null, beat: number): string =>
  `${JSON.stringify({ version: 1, owner, beat })}\n`;

/** What cannot be read is held by somebody who is not known. */
function readHeld(text: string): Held {
  try {
    const { owner } = Object(JSON.parse(text));
    return { owner: owner === null ? null : String(owner) };
  } catch {
    return { owner: "" };
  }
}

const processOf = (owner: string): string => owner.slice(0, Math.max(owner.lastIndexOf("/"), 0));

/** Those of this process that were not given up. */
const ownLeases = new Set<string>();

/** A lease that is held until it is given up, or lost. */
export class BucketLease {
  readonly #deps: LeaseDeps;
  readonly #times: LeaseTimes;
  readonly #owner: string;
  #digest: string;
  #beat = 0;
  #renewedAt: { readonly wall: number; readonly elapsed: number };
  #renewing: Promise<void> | null = null;
  #isLost = false;
  readonly #timer: Timer;

  private constructor(
    deps: LeaseDeps,
    times: LeaseTimes,
    held: { readonly owner: string; readonly digest: string },
  ) {
    this.#deps = deps;
    this.#times = times;
    this.#owner = held.owner;
    ownLeases.add(held.owner);
    this.#digest = held.digest;
    this.#renewedAt = this.#moment();
    this.#timer = setInterval(() => {
      // Whether it is lost shows when it matters.
      if (!this.#isLost) void this.#renew().catch(() => {});
    }, times.renewMs);
  }

  /** Takes it: at once where nobody has it, or where its holder has certainly ended; else when its holder seems to be gone. @throws BackupError */
  static async take(deps: LeaseDeps, times: LeaseTimes = usualTimes): Promise<BucketLease> {
    const there = await awaitFree(deps, times);
    const owner = `${deps.self}/${deps.newId()}`;
    const condition = there === null ? { ifNoneMatch: "*" as const } : { ifMatch: there.digest };
    const digest = await deps.objects.putText(leaseName, textOf(owner, 0), condition);
    if (digest === null) throw takenError(deps);
    return new BucketLease(deps, times, { owner, digest });
  }

  /** That of the lease's bytes, which nobody else has. */
  get digest(): string {
    return this.#digest;
  }

  /** Asks the other Breadbox, unless it said so just now. @throws BackupError when another backup has taken it. */
  async assertHeld(): Promise<void> {
    // What a running one hears was true when it began: this process may have been frozen since.
    await this.#renewing?.catch(() => {});
    const { wall, elapsed } = this.#moment();
    // The wall clock shows a machine that slept, the other one a clock that was set back.
    const since = Math.max(wall - this.#renewedAt.wall, elapsed - this.#renewedAt.elapsed);
    if (this.#isLost || since >= this.#times.renewMs) await this.#renew();
  }

  /** Gives it up. Never throws: it ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    ownLeases.delete(this.#owner);
    await this.#renewing?.catch(() => {});
    if (this.#isLost) return;
    const text = textOf(null, this.#beat + 1);
    const condition = { ifMatch: this.#digest };
    await this.#deps.objects.putText(leaseName, text, condition).catch(() => {});
  }

  #moment() {
    return { wall: this.#deps.clock(), elapsed: this.#deps.now() };
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#sign().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #sign(): Promise<void> {
    const moment = this.#moment();
    const text = textOf(this.#owner, this.#beat + 1);
    const digest = this.#isLost
      ? null
      : await this.#deps.objects.putText(leaseName, text, { ifMatch: this.#digest });
    if (digest === null) {
      this.#isLost = true;
      throw new BackupError(
        `another backup has taken ${this.#deps.name} over: this one was held up for too long. Run it again`,
      );
    }
    this.#beat += 1;
    this.#digest = digest;
    this.#renewedAt = moment;
  }
}

/** @returns the lease that may be replaced; null when there is none. @throws BackupError when its holder gives a sign of life. */
async function awaitFree(deps: LeaseDeps, times: LeaseTimes): Promise<ObjectText | null> {
  const { objects, name, now, rest, stop, say } = deps;
  let first: { readonly digest: string; readonly at: number } | null = null;
  for (;;) {
    const there = await objects.readText(leaseName);
    if (there === null || isFree(readHeld(there.text), deps)) return there;
    if (first === null) say(`Another backup of ${name} was begun: looking whether it goes on.`);
    else if (first.digest !== there.digest) throw takenError(deps);
    first ??= { digest: there.digest, at: now() };
    if (now() - first.at >= times.goneMs) return there;
    await rest(times.lookMs);
    stop.throwIfAborted();
  }
}

function isFree({ owner }: Held, { self, isAlive }: LeaseDeps): boolean {
  if (owner === null) return true;
  const process = processOf(owner);
  // It may have been given up while nobody answered.
  return process === self ? !ownLeases.has(owner) : !isAlive(process);
}

const takenError = ({ name }: LeaseDeps): BackupError =>
  new BackupError(`another backup is using ${name}: wait for its end, and run it again`);
