// What a client may do with upload sessions, as plain data, and how fast-check draws it.
import fc from "fast-check";

/** Bytes by their name: the same salt and size are the same bytes, so that some contents meet again. */
export interface Content {
  readonly salt: number;
  /** Bytes. */
  readonly size: number;
}

/** What Content-Range says of a chunk: nothing, the right place, or a wrong one. */
export type Place = "unsaid" | "here" | "gap" | "overlap" | "repeat";

/** How a body ends: as announced, cut, or with one byte fewer or more than Content-Range announces. */
export type Ending = "clean" | "cut" | "shorter" | "longer";

/** What a request carries. */
export interface Carried {
  readonly content: Content;
  readonly place: Place;
  /** True without a Content-Length. */
  readonly streamed: boolean;
  readonly ending: Ending;
}

export type AskedDigest = "right" | "right sha512" | "wrong";

/** `slot` picks an open session, 0 the youngest; the highest slot any session, whatever has become of it. */
export type Action =
  | { readonly kind: "start" }
  | { readonly kind: "patch"; readonly slot: number; readonly carried: Carried }
  | {
      readonly kind: "finish";
      readonly slot: number;
      readonly carried: Carried;
      readonly digest: AskedDigest;
    }
  /** The closing request again, without a body; under the digest it had or under another. */
  | { readonly kind: "finish again"; readonly slot: number; readonly same: boolean }
  | { readonly kind: "status"; readonly slot: number; readonly foreign: boolean }
  | { readonly kind: "cancel"; readonly slot: number; readonly foreign: boolean }
  | { readonly kind: "upload at once"; readonly carried: Carried; readonly digest: AskedDigest }
  | { readonly kind: "restart" }
  /** Time passes, then the sweep runs. */
  | { readonly kind: "wait"; readonly minutes: number };

/** The slot that stands for sessions that are over, too. */
export const anySlot = 3;
const slot = fc.nat(anySlot);
const rarely = (weight: number) =>
  fc.oneof(
    { weight: 100 - weight, arbitrary: fc.constant(false) },
    { weight, arbitrary: fc.constant(true) },
  );

/** Empty, tiny, ordinary; around the size where hashing leaves the server's thread, and around a batch of writes. */
const size = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 70, arbitrary: fc.integer({ min: 4, max: 5_000 }) },
  { weight: 14, arbitrary: fc.integer({ min: 65_530, max: 65_540 }) },
  { weight: 3, arbitrary: fc.integer({ min: 262_140, max: 262_150 }) },
  { weight: 1, arbitrary: fc.integer({ min: 524_280, max: 530_000 }) },
);

const place = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Place>("unsaid") },
  { weight: 6, arbitrary: fc.constant<Place>("here") },
  { weight: 3, arbitrary: fc.constantFrom<Place>("gap", "overlap", "repeat") },
);

const ending = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Ending>("clean") },
  { weight: 3, arbitrary: fc.constantFrom<Ending>("cut", "shorter", "longer") },
);

const contentOf = (sizes: fc.Arbitrary<number>): fc.Arbitrary<Content> =>
  fc.record({ salt: fc.nat(7), size: sizes });

const digest = fc.oneof(
  { weight: 6, arbitrary: fc.constant<AskedDigest>("right") },
  { weight: 2, arbitrary: fc.constantFrom<AskedDigest>("right sha512", "wrong") },
);

/** Short waits, waits around the 15 minutes of a repeated closing request, and around the hour after which a session expires. */
const minutes = fc.constantFrom(1, 10, 14, 16, 45, 59, 61);

function requestsOf(sizes: fc.Arbitrary<number>) {
  const content = contentOf(sizes);
  const carried = fc.record({ content, place, streamed: fc.boolean(), ending });
  // Most closing requests carry nothing.
  const empty = carried.map((body): Carried => ({ ...body, content: { salt: 0, size: 0 } }));
  const closing = fc.oneof(empty, carried);
  const one = <K extends string>(kind: K) => fc.constant(kind);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: one("start") }) },
    { weight: 10, arbitrary: fc.record({ kind: one("patch"), slot, carried }) },
    { weight: 5, arbitrary: fc.record({ kind: one("finish"), slot, carried: closing, digest }) },
    { weight: 2, arbitrary: fc.record({ kind: one("finish again"), slot, same: rarely(70) }) },
    { weight: 2, arbitrary: fc.record({ kind: one("status"), slot, foreign: rarely(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: one("cancel"), slot, foreign: rarely(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: one("upload at once"), carried, digest }) },
  ) satisfies fc.Arbitrary<Action>;
}

/** Over HTTP nobody can tell one byte from none: both are `0-0`. */
const tellableSize = size.filter((bytes) => bytes !== 1);

/** What any registry can be asked. */
export const requests = requestsOf(size);

/** The same, for a registry that is asked over HTTP. */
export const httpRequests = requestsOf(tellableSize);

/** A request in whose middle the server is killed. */
export const killed = fc.record({
  slot,
  content: contentOf(tellableSize),
  closing: fc.boolean(),
  afterMs: fc.nat(8),
});

/** A chunk that stalls while others want its session. */
export const stalled = fc.record({
  slot,
  content: contentOf(size),
  cut: fc.boolean(),
  minutes,
  other: contentOf(size),
  isCancelled: rarely(20),
});

export const restart: fc.Arbitrary<Action> = fc.constant({ kind: "restart" });

export const wait: fc.Arbitrary<Action> = fc.record({ kind: fc.constant("wait"), minutes });
