// Whether the wall clock can be trusted, judged by the machine's uptime. Leases and ages use the wall clock, so
// a step forward would end them all at once.
import type {
  ClockAnchor,
  ClockAnchors,
  ClockReading,
  Postponement,
} from "../metadata/clockAnchor.ts";
import { steeredMs } from "../model/steering.ts";

/** The verdict on the clock. `anchor` is the reference for the next look. */
export type ClockVerdict =
  /** `setBackMs` is by how much it was set back; 0: it was not. Then content is kept for longer, which hurts nothing. */
  | { readonly kind: "trusted"; readonly anchor: ClockAnchor; readonly setBackMs: number }
  /** Ages prove nothing for `waitMs` more. */
  | {
      readonly kind: "doubted";
      readonly anchor: ClockAnchor;
      readonly waitMs: number;
      readonly cause: string;
      /** Leases that outlast the doubt, and that the step would have cut short; null when there was no other step. */
      readonly postponed: Postponement | null;
    };

/** A longer downtime cannot be distinguished from a clock that was wrong at the start; ms. */
const plausibleGapMs = 24 * 3_600_000;

/**
 * Judges a reading. After a step forward nothing that was promised before can be judged until it would have run out by the other
 * clock: `patienceMs`, the longest promise there is. The rare leases that are longer by far (content of objects that were given up) end later
 * by as much as the clock was set forward.
 * @param anchors the readings before.
 */
export function judgeClock(
  { own, other }: ClockAnchors,
  reading: ClockReading,
  patienceMs: number,
): ClockVerdict {
  const verdict =
    own === null ? judgeFirst(other, reading, patienceMs) : judgeOwn(own, reading, patienceMs);
  if (verdict.kind === "doubted" || other === null) return verdict;
  const leftMs = doubtLeft(other, reading);
  if (leftMs <= 0) return verdict;
  const cause = "the clock was set forward recently, as another server has seen";
  return doubted(reading, reading.uptime + leftMs, { cause, postponed: null });
}

/** How long the doubt of another machine lasts, ms. What it saw in the future is not so any more: the clock was set back. */
function doubtLeft({ wall, uptime, distrustUntil }: ClockAnchor, reading: ClockReading): number {
  const gap = reading.wall - wall;
  return gap < -steeredMs ? 0 : distrustUntil - uptime - gap;
}

function judgeOwn(anchor: ClockAnchor, reading: ClockReading, patienceMs: number): ClockVerdict {
  const { boot, uptime } = anchor;
  // In a container the machine's name stays and the time since its start begins anew.
  if (boot !== reading.boot || reading.uptime < uptime) {
    return judgeAfterStart(anchor, reading, patienceMs);
  }
  const step = reading.wall - anchor.wall - (reading.uptime - uptime);
  if (step > steeredMs) {
    const cause = `the clock was set forward by ${spanText(step)}`;
    const postponed = {
      endingAfter: reading.wall - step + patienceMs,
      given: { after: anchor.wall + step, until: reading.wall + patienceMs },
      byMs: step,
    };
    return doubted(reading, reading.uptime + patienceMs, { cause, postponed });
  }
  if (anchor.distrustUntil > reading.uptime) {
    const cause = "the clock was set forward recently";
    return doubted(reading, anchor.distrustUntil, { cause, postponed: null });
  }
  return trusted(reading, setBack(step));
}

/** The machine was restarted: only the clock in doubt shows how long it was off. */
function judgeAfterStart(
  anchor: ClockAnchor,
  reading: ClockReading,
  patienceMs: number,
): ClockVerdict {
  const gap = reading.wall - reading.uptime - anchor.wall;
  const wasDoubted = anchor.distrustUntil > anchor.uptime;
  if ((wasDoubted || gap > plausibleGapMs) && reading.uptime < patienceMs) {
    const cause = wasDoubted
      ? "the clock was set forward shortly before the machine started"
      : `the machine has just started, and its clock says that it was off for ${spanText(gap)}`;
    const endingAfter = anchor.wall + patienceMs + plausibleGapMs;
    const given = { after: reading.wall - reading.uptime, until: reading.wall + patienceMs };
    const postponed = gap > plausibleGapMs ? { endingAfter, given, byMs: gap } : null;
    return doubted(reading, patienceMs, { cause, postponed });
  }
  return trusted(reading, setBack(gap));
}

/** The first look of a machine, at a clock that others may have looked at: it cannot tell how long ago that was. */
function judgeFirst(
  other: ClockAnchor | null,
  reading: ClockReading,
  patienceMs: number,
): ClockVerdict {
  const gap = other === null ? 0 : reading.wall - other.wall;
  if (gap <= plausibleGapMs) return trusted(reading, setBack(gap));
  const cause = `the clock says that no server has looked at it for ${spanText(gap)}`;
  return doubted(reading, reading.uptime + patienceMs, { cause, postponed: null });
}

const setBack = (step: number): number => (step < -steeredMs ? -step : 0);

function trusted(reading: ClockReading, setBackMs: number): ClockVerdict {
  return { kind: "trusted", anchor: { ...reading, distrustUntil: 0 }, setBackMs };
}

type Doubt = Pick<Extract<ClockVerdict, { readonly kind: "doubted" }>, "cause" | "postponed">;

function doubted(reading: ClockReading, distrustUntil: number, doubt: Doubt): ClockVerdict {
  const waitMs = distrustUntil - reading.uptime;
  return { kind: "doubted", anchor: { ...reading, distrustUntil }, waitMs, ...doubt };
}

const spans = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** `2 hours`: in the largest unit of which there is at least one, rounded up. @param ms not negative. */
export function spanText(ms: number): string {
  const [unit, length] = spans.find(([, length]) => ms >= length) ?? spans[3];
  const count = Math.ceil(ms / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
