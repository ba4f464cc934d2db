// What the scrub has read and found, written to its pass now and then: it is seen while it runs, and survives a restart.
import { nextCheckId } from "../fsck/checkId.ts";
import { noteDamaged, noteUnreadable } from "../fsck/noted.ts";
import type { ChecksMetadata, NotedFinding } from "../metadata/checks.ts";
import type { DamagedFinding, ScrubSlice, UnreadableContent } from "./scrub.ts";

/** The dependencies of a pass. */
export interface ScrubPassDeps {
  readonly checks: Pick<ChecksMetadata, "beginScrub" | "noteScrub" | "listChecks">;
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** Slices are shorter, and each write makes readers ask the database again; ms. */
const noteEveryMs = 5_000;

/** One per worker. A pass is known by its scheduled time. */
export class ScrubPass {
  readonly #deps: ScrubPassDeps;
  #round = Number.NaN;
  #isNoted = false;
  #notedAt = Number.NEGATIVE_INFINITY;
  #findings: NotedFinding[] = [];
  #bytes = 0;
  #contents = 0;

  constructor(deps: ScrubPassDeps) {
    this.#deps = deps;
  }

  /** Before each slice. A pass that finds nothing due is not remembered. */
  async begin(round: number): Promise<void> {
    if (round === this.#round) return;
    const { checks, clock, newId } = this.#deps;
    const id = await nextCheckId(checks, newId);
    this.#isNoted = await checks.beginScrub({ id, startedAt: clock(), round });
    this.#round = round;
  }

  damaged(finding: DamagedFinding): void {
    this.#findings.push(noteDamaged(finding));
  }

  unreadable({ digest, reason }: UnreadableContent): void {
    this.#findings.push(noteUnreadable(digest, reason));
  }

  /** After each slice. */
  async take({ bytes, verified, finished }: ScrubSlice): Promise<void> {
    this.#bytes += bytes;
    this.#contents += verified;
    if (!this.#isNoted) return;
    const { checks, clock, now } = this.#deps;
    const isQuiet = !finished && this.#findings.length === 0;
    if (isQuiet && now() - this.#notedAt < noteEveryMs) return;
    const findings = this.#findings.splice(0);
    const [read, contents] = [this.#bytes, this.#contents + findings.length];
    [this.#bytes, this.#contents, this.#notedAt] = [0, 0, now()];
    const note = { bytes: read, contents, findings, finished, now: clock() };
    await checks.noteScrub(this.#round, note);
    if (finished) this.#isNoted = false;
  }
}
