// Looks at the wall clock beside the machine's uptime and remembers what it saw. A server looks regularly, a collection when it begins.
import type { ClockMetadata } from "../metadata/clockAnchor.ts";
import { type ClockVerdict, judgeClock, spanText } from "./clockTrust.ts";
import type { Uptime } from "./uptime.ts";

/** What a look needs. */
export interface ClockWatchDeps {
  readonly metadata: ClockMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  readonly readUptime: () => Promise<Uptime>;
}

/** Both clocks are read within this, far below what a step is told by; ms. */
const longestReadingMs = 10_000;

/** What was asked for by age cannot be told now: the clock was set. */
export class ClockDoubtedError extends Error {
  override readonly name = "ClockDoubtedError";
}

/** For commands that are told an age. @throws ClockDoubtedError while ages prove nothing. */
export async function assertClock(deps: ClockWatchDeps, patienceMs: number): Promise<void> {
  const verdict = await watchClock(deps, patienceMs);
  if (verdict.kind === "trusted") return;
  throw new ClockDoubtedError(
    `${verdict.cause}: ages cannot be trusted for the next ${spanText(verdict.waitMs)}, so nothing was removed. Name uploads by their ids, or remove all of them with --all.`,
  );
}

/**
 * Judges the clock and remembers this look, unless `remember` is false. A doubt that another look has raised is never forgotten.
 * @param patienceMs the longest lease or age that is judged by this clock.
 */
export async function watchClock(
  { metadata, clock, readUptime }: ClockWatchDeps,
  patienceMs: number,
  remember = true,
): Promise<ClockVerdict> {
  for (;;) {
    const anchor = await metadata.findClockAnchor();
    const before = clock();
    const reading = { ...(await readUptime()), wall: clock() };
    // The machine stood still between the two: they do not belong together.
    if (Math.abs(reading.wall - before) > longestReadingMs) continue;
    const verdict = judgeClock(anchor, reading, patienceMs);
    if (!remember) return verdict;
    const postponed = verdict.kind === "doubted" ? verdict.postponed : null;
    if (await metadata.replaceClockAnchor(anchor, verdict.anchor, postponed)) return verdict;
  }
}
