// Compares the wall clock with the machine's uptime and stores both. A server looks regularly, a collection when it begins.
import type { ClockMetadata } from "../metadata/clockAnchor.ts";
import { type ClockVerdict, judgeClock, spanText } from "./clockTrust.ts";
import type { Uptime } from "./uptime.ts";

/** The dependencies of a look. */
export interface ClockWatchDeps {
  readonly metadata: ClockMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  readonly readUptime: () => Promise<Uptime>;
}

/** Both clocks are read within this time, far below the smallest step that counts; ms. */
const longestReadingMs = 10_000;

/** A request by age is refused: the clock was set. */
export class ClockDoubtedError extends Error {
  override readonly name = "ClockDoubtedError";
}

/** For commands with an age. @throws ClockDoubtedError while the clock is in doubt. */
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
    const { boot } = await readUptime();
    const anchors = await metadata.findClockAnchors(boot);
    const before = clock();
    const reading = { ...(await readUptime()), wall: clock() };
    // The process was suspended between the two reads: they do not belong together.
    if (Math.abs(reading.wall - before) > longestReadingMs) continue;
    const verdict = judgeClock(anchors, reading, patienceMs);
    if (!remember) return verdict;
    const postponed = verdict.kind === "doubted" ? verdict.postponed : null;
    if (await metadata.replaceClockAnchor(anchors.own, verdict.anchor, postponed)) return verdict;
  }
}
