// Logins in the audit trail. They are gathered for a moment and written on their own: no request waits for them, and none fails with them.
import type { AuditEntry, AuditMetadata, Author } from "../metadata/audit.ts";
import { failures, LoginSums, successes } from "./loginSums.ts";

/** What the trail works with. */
export interface LoginTrailDeps {
  readonly metadata: Pick<AuditMetadata, "addEntries">;
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Called for each entry at once: it is in the log even if it cannot be stored. */
  readonly onEntry: (entry: AuditEntry) => void;
  /** Entries could not be stored, and are not tried again. */
  readonly onLost: (count: number, error: unknown) => void;
}

type LoginEvent = Extract<AuditEntry["event"], "login" | "login.failed">;

/** How long entries are gathered, ms. */
const gatherMs = 1_000;
/** How often it is looked whether something was summed up, ms. */
const lookEveryMs = 10_000;

/** Writes logins down, at most as many as the rules of loginSums.ts let pass. */
export class LoginTrail {
  readonly #deps: LoginTrailDeps;
  readonly #sums: Readonly<Record<LoginEvent, LoginSums>>;
  #waiting: AuditEntry[] = [];
  #timer: Timer | null = null;
  #storing: Promise<unknown> = Promise.resolve();
  readonly #looking: Timer;

  constructor(deps: LoginTrailDeps) {
    this.#deps = deps;
    this.#sums = {
      login: new LoginSums(successes, deps.now),
      "login.failed": new LoginSums(failures, deps.now),
    };
    this.#looking = setInterval(() => this.#endWindows(), lookEveryMs);
    this.#looking.unref();
  }

  /** Notes an attempt to log in. It costs a look into a map where it is one of many. */
  note(event: LoginEvent, by: Author): void {
    const { who, address } = by;
    this.#endWindow(event);
    if (this.#sums[event].add({ who, address })) this.#write(event, by, 1);
  }

  /** Resolves when everything that was noted is stored, or cannot be. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#endWindows(true);
    await this.flush();
  }

  /** Stores what is gathered. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const entries = this.#waiting;
    this.#waiting = [];
    const { metadata, onLost } = this.#deps;
    if (entries.length > 0) {
      const stored = metadata.addEntries(entries);
      const kept = stored.catch((error) => onLost(entries.length, error));
      // Nothing of what they resolve to is kept: each would hold the one before it.
      this.#storing = Promise.all([this.#storing, kept]).then(() => {});
    }
    await this.#storing;
  }

  #endWindows(isLast = false): void {
    this.#endWindow("login", isLast);
    this.#endWindow("login.failed", isLast);
  }

  #endWindow(event: LoginEvent, isLast = false): void {
    for (const { who, address, times } of this.#sums[event].end(isLast)) {
      this.#write(event, { who, address, requestId: null }, times);
    }
  }

  #write(event: LoginEvent, by: Author, times: number): void {
    const nothing = { resource: null, detail: null, digest: null, previous: null };
    const { who, address, requestId } = by;
    const at = this.#deps.clock();
    const entry = { at, event, who, address, requestId, ...nothing, times };
    this.#deps.onEntry(entry);
    this.#waiting.push(entry);
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
    this.#timer.unref();
  }
}
