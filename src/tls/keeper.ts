// Reads a server's certificate again and again, and gives the server the new one when it has changed. One that cannot be used changes
// nothing.
import { day, type Judged, type Material, timeProblem } from "./material.ts";
import { type CertificateSource, isSame } from "./source.ts";

/** Where a keeper reports. */
export interface KeeperLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What a keeper works with. */
export interface KeeperOptions {
  readonly source: CertificateSource;
  readonly clock: () => number;
  readonly log: KeeperLog;
}

/** How often files are read: a renewed certificate is used this soon. */
const lookEveryMs = 10_000;
/** Automatic renewal happens earlier. */
const warnBeforeMs = 7 * 24 * 60 * 60 * 1000;

/** Keeps the certificate of one server fresh. */
export class CertificateKeeper {
  readonly #options: KeeperOptions;
  #used: Judged;
  #timer: Timer | null = null;
  #isStopped = false;
  /** What the look before found wrong, and whether it was reported. A pair that is being replaced is wrong for a moment. */
  #wrong: { readonly reason: string; isReported: boolean } | null = null;
  #warnedOf: Judged | null = null;

  private constructor(options: KeeperOptions, used: Judged) {
    this.#options = options;
    this.#used = used;
  }

  /** @throws CertificateError when there is nothing to begin with. */
  static async open(options: KeeperOptions): Promise<CertificateKeeper> {
    const keeper = new CertificateKeeper(options, await options.source.look());
    keeper.#warnOfTime();
    return keeper;
  }

  /** What the server is to use. */
  get used(): Judged {
    return this.#used;
  }

  /** Begins to look. @param use gives the server another certificate; it throws when the server cannot take it. */
  start(use: (material: Material) => void): void {
    this.#timer = setInterval(() => void this.look(use), lookEveryMs);
    this.#timer.unref();
  }

  /** The server is about to stop: it is given no other certificate, not even by a look that is running. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** One look. Never rejects. */
  async look(use: (material: Material) => void): Promise<void> {
    const { source, clock, log } = this.#options;
    try {
      const found = await source.look();
      if (this.#isStopped) return;
      if (!isSame(found.material, this.#used.material)) {
        const problem = timeProblem(found, clock());
        if (problem !== null && timeProblem(this.#used, clock()) === null) throw new Error(problem);
        use(found.material);
        this.#used = found;
        const { names, validUntil, fingerprint } = found;
        log.info({ names, until: day(validUntil), fingerprint }, "a new certificate is in use");
      }
      this.#wrong = null;
      this.#warnOfTime();
    } catch (error) {
      this.#report(error instanceof Error ? error.message : String(error));
    }
  }

  /** The second time, then never again until something changes. */
  #report(reason: string): void {
    if (this.#wrong?.reason !== reason) {
      this.#wrong = { reason, isReported: false };
    } else if (!this.#wrong.isReported) {
      this.#wrong.isReported = true;
      this.#options.log.error({ reason }, "the new certificate cannot be used: the old one stays");
    }
  }

  #warnOfTime(): void {
    const { clock, log } = this.#options;
    const used = this.#used;
    const problem = timeProblem(used, clock());
    const endsSoon = used.validUntil - clock() < warnBeforeMs;
    if (this.#warnedOf === used || (problem === null && !endsSoon)) return;
    this.#warnedOf = used;
    const until = day(used.validUntil);
    if (problem === null) log.warn({ until }, "the certificate expires soon: renew it");
    else log.error({ until }, `clients refuse this server: ${problem}`);
  }
}
