// Which bytes a Range header asks for (RFC 9110, 14): parsed, held against a size, merged where they overlap. Pure.

/** Bytes of a range: `start` inclusive, `end` exclusive. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** The meaning of a Range header for one representation. */
export type RangeChoice =
  /** It does not apply: no header, another unit, malformed, or too many ranges. The whole is sent. */
  | { readonly kind: "whole" }
  /** No requested byte exists. */
  | { readonly kind: "none" }
  /** At least one span, none empty, none overlapping another: in the order in which they were asked for. */
  | { readonly kind: "spans"; readonly first: ByteSpan; readonly others: readonly ByteSpan[] };

/** Most ranges in one header. podman's zstd:chunked asks for up to 1024 (containers/storage, maxNumberMissingChunks). */
export const mostRanges = 1024;

const whole: RangeChoice = { kind: "whole" };
const unit = /^bytes=(.*)$/i;
const spec = /^(?:([0-9]+)-([0-9]*)|-([0-9]+))$/;

/**
 * Reads a Range header for `size` bytes. Ranges that reach beyond the end are cut, those that lie behind it (or end before they
 * begin) are dropped, those that overlap become one in the place of the earliest. Neighbours stay apart: containers/image counts
 * the parts it gets against the ranges it asked for.
 */
export function chooseRanges(header: string | null, size: number): RangeChoice {
  const [, list] = header === null ? [] : (unit.exec(header) ?? []);
  if (list === undefined || size === 0) return whole;
  // Lists may have empty elements (RFC 9110, 5.6.1).
  const specs = list
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  if (specs.length === 0 || specs.length > mostRanges) return whole;
  const spans: ByteSpan[] = [];
  for (const text of specs) {
    const parts = spec.exec(text);
    if (parts === null) return whole;
    const span = spanOf(parts, size);
    if (span.start < span.end) spans.push(span);
  }
  const [first, ...others] = spans.length > 1 ? merged(spans) : spans;
  return first === undefined ? { kind: "none" } : { kind: "spans", first, others };
}

function spanOf([, first, last, suffix]: readonly (string | undefined)[], size: number): ByteSpan {
  if (suffix !== undefined) return { start: Math.max(size - Number(suffix), 0), end: size };
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { start: Number(first), end };
}

/** Overlapping spans made one, each in the place of the first that went into it. */
function merged(spans: readonly ByteSpan[]): ByteSpan[] {
  const places = spans.map((span, place) => ({ ...span, place }));
  const groups: { start: number; end: number; place: number }[] = [];
  for (const span of places.sort((a, b) => a.start - b.start)) {
    const last = groups.at(-1);
    if (last === undefined || span.start >= last.end) groups.push(span);
    else {
      last.end = Math.max(last.end, span.end);
      last.place = Math.min(last.place, span.place);
    }
  }
  return groups.sort((a, b) => a.place - b.place).map(({ start, end }) => ({ start, end }));
}
