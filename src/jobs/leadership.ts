// Which of the servers that share a database does the scheduled work: the holder of a lock. Its transactions that delete name its
// epoch, so that one that froze and woke up late deletes nothing.
import type { Hold, LocksMetadata } from "../metadata/locks.ts";

/** Its dependencies. */
export interface LeadershipOptions {
  readonly locks: LocksMetadata;
  /** This server among those that share the database: its process as `isAlive` knows it, and an id. */
  readonly owner: string;
  /** False only when the server of that name has certainly ended. */
  readonly isAlive: (owner: string) => boolean;
  /** Unix ms, the same on all servers. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  /** This server leads from now on. @param wasLed true when another server did before. */
  readonly onLead: (wasLed: boolean) => void;
  /** Another server leads now. */
  readonly onLost: () => void;
}

/** Without a sign of life another server takes over after this time; ms. */
const lastsMs = 30_000;
const everyMs = 5_000;
/** The lock is not relied on at its very end: an order that is given now is carried out later. Unit: ms. */
const spareMs = 5_000;

/** One per server. */
export class Leadership {
  readonly #options: LeadershipOptions;
  #timer: Timer | null = null;
  #hold: Hold | null = null;
  /** Until when nobody else can have taken the lock; monotonic ms. */
  #until = Number.NEGATIVE_INFINITY;
  #sawOther = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Takes the lock if it is free, and tries again and again otherwise. Never throws. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), everyMs);
    await this.look();
  }

  /** The lock, as long as this server certainly has it; null otherwise. */
  hold(): Hold | null {
    return this.#options.now() < this.#until ? this.#hold : null;
  }

  /** Takes or renews the lock. A database that does not answer changes nothing: the lock runs out. Never throws. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look()).catch(() => {});
    return this.#looking;
  }

  async #look(): Promise<void> {
    if (this.#timer === null) return;
    if (this.#hold === null) return this.#acquire(null);
    const { locks, clock, now } = this.#options;
    const asked = now();
    if (await locks.renewLock(this.#hold, clock() + lastsMs)) {
      this.#until = asked + lastsMs - spareMs;
      return;
    }
    this.#forget();
    this.#sawOther = true;
    this.#options.onLost();
  }

  async #acquire(dead: string | null): Promise<void> {
    const { locks, owner, isAlive, clock, now, onLead } = this.#options;
    const asked = now();
    const outcome = await locks.acquireLock({ name: "tend", owner, now: clock(), lastsMs, dead });
    if (outcome.kind === "held") {
      if (dead === null && !isAlive(outcome.owner)) return this.#acquire(outcome.owner);
      this.#sawOther = true;
      return;
    }
    this.#hold = outcome.hold;
    this.#until = asked + lastsMs - spareMs;
    onLead(this.#sawOther);
  }

  #forget(): void {
    this.#hold = null;
    this.#until = Number.NEGATIVE_INFINITY;
  }

  /** Gives the lock up, so that another server need not wait. Never throws. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
    const hold = this.#hold;
    this.#forget();
    if (hold !== null) await this.#options.locks.releaseLock(hold).catch(() => {});
  }
}
