// Keeps descriptors for the store's own files: while too few are left, idle connections are closed and new ones have to wait.
import { RegistryError } from "../errors.ts";
import type { Descriptors } from "./descriptors.ts";
import type { Valve } from "./listener.ts";

/** Of all descriptors so many are not for connections: a sixth, within these bounds. */
const [leastSpared, mostSpared] = [16, 1024];
/** So many more must be free before connections are taken again. */
const slack = 8;
/** A request may open a few files; with fewer places left it would fail on the way. */
const forOneRequest = 12;
const lookEveryMs = 100;

/** A gate's dependencies. */
export interface GateOptions {
  readonly descriptors: Pick<Descriptors, "limit" | "used" | "usedWithReserve" | "keep">;
  /** Finds the listening socket's valve, the first time that it is needed. null where there is none. */
  readonly findValve: () => Promise<Valve | null>;
  /** Closes idle connections. */
  readonly closeIdle: () => void;
  /** Called when new connections begin to wait, and when they are accepted again. */
  readonly onChange: (isShort: boolean) => void;
}

/** Looks ten times a second how many descriptors are left. */
export class ConnectionGate {
  readonly #options: GateOptions;
  readonly #line: number;
  readonly #looking: Timer;
  #isShort = false;
  #valve: Promise<Valve | null> | null = null;
  #isClosed = false;

  constructor(options: GateOptions) {
    this.#options = options;
    const { limit } = options.descriptors;
    this.#line = limit - Math.min(mostSpared, Math.max(leastSpared, Math.floor(limit / 6)));
    this.#looking = setInterval(() => this.look(), lookEveryMs);
    this.#looking.unref();
  }

  /** One look. */
  look(): void {
    const { descriptors, closeIdle, onChange } = this.#options;
    const used = descriptors.usedWithReserve;
    const isShort = used >= (this.#isShort ? this.#line - slack : this.#line);
    // Before the valve is looked for: finding it takes descriptors as well.
    descriptors.keep(!isShort);
    if (isShort !== this.#isShort) {
      this.#isShort = isShort;
      void this.#setValve();
      onChange(isShort);
    }
    if (isShort) closeIdle();
  }

  /** @throws RegistryError BUSY while too few descriptors are left for what a request may open. */
  admit(): void {
    if (!this.#isShort) return;
    const { limit, used } = this.#options.descriptors;
    if (limit - used < forOneRequest) throw new RegistryError("BUSY", { retryAfter: 1 });
  }

  /** Another socket listens: the valve of the one before is of no use. */
  renew(): void {
    this.#valve = null;
    if (this.#isShort) void this.#setValve();
  }

  /** Stops looking. Waiting connections keep waiting: the listening socket is about to be closed. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#looking);
  }

  async #setValve(): Promise<void> {
    this.#valve ??= this.#options.findValve().catch(() => null);
    const valve = await this.#valve;
    // The next shortage tries again.
    if (valve === null) this.#valve = null;
    if (!this.#isClosed) valve?.set(!this.#isShort);
  }
}
