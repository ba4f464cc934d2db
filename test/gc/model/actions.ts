// What happens to a store in the property test: requests, time, clocks that are set, collections with something in between. Slots
// stand for whatever there is at that moment.
import fc from "fast-check";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Repositories, blobs that each of them may get, and names of objects. */
const repositoryCount = 3;
const blobCount = 6;
const objectCount = 4;

/** A request about an object, which may be made of what repositories hold. `name` is the object's. */
export type ObjectRequest =
  | { readonly kind: "putObject"; readonly name: number; readonly blob: number }
  | {
      readonly kind: "linkObject";
      readonly name: number;
      readonly at: number;
      readonly blob: number;
    }
  | {
      /** From the bucket of the object, whatever the object is made of. */
      readonly kind: "mountObject";
      readonly name: number;
      readonly at: number;
      readonly blob: number;
    }
  | { readonly kind: "removeObject"; readonly name: number };

/** A request. `at` is a repository, `blob` a content, `slot` one of the manifests there. */
export type Request = RepositoryRequest | ObjectRequest;

/** One that is about a repository. */
export type RepositoryRequest =
  | { readonly kind: "upload"; readonly at: number; readonly blob: number }
  | { readonly kind: "head"; readonly at: number; readonly blob: number }
  | { readonly kind: "deleteBlob"; readonly at: number; readonly blob: number }
  | {
      readonly kind: "mount";
      readonly at: number;
      readonly blob: number;
      /** null for whoever has it. */
      readonly from: number | null;
    }
  | {
      readonly kind: "image";
      readonly at: number;
      readonly blobs: readonly number[];
      readonly tag: number | null;
      /** A manifest that it is about; null without. */
      readonly subject: number | null;
    }
  | {
      readonly kind: "index";
      readonly at: number;
      readonly blobs: readonly number[];
      readonly children: readonly number[];
      readonly tag: number | null;
    }
  | { readonly kind: "deleteManifest"; readonly at: number; readonly slot: number }
  | { readonly kind: "deleteTag"; readonly at: number; readonly tag: number };

/** Time passes, or somebody sets the wall clock; ms. */
export type Clocking =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "step"; readonly ms: number };

/** A request at one of the moments of a collection. */
export interface Meanwhile {
  /** How many moments before. */
  readonly after: number;
  readonly action: Request | Clocking;
}

/** A collection. */
export interface Collection {
  readonly kind: "collect";
  readonly minAgeMs: number;
  readonly untaggedOlderThanMs: number | null;
  readonly meanwhile: readonly Meanwhile[];
}

/** Anything that happens. */
export type Action = Request | Clocking | Collection;

const at = fc.nat(repositoryCount - 1);
const blob = fc.nat(blobCount - 1);
const slot = fc.nat(5);
const tag = fc.option(fc.nat(2), { nil: null });
const blobs = fc.uniqueArray(blob, { minLength: 1, maxLength: 3 });

const name = fc.nat(objectCount - 1);
const objectRequests: fc.Arbitrary<ObjectRequest> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("putObject" as const), name, blob }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("linkObject" as const), name, at, blob }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("mountObject" as const), name, at, blob }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("removeObject" as const), name }) },
);

const requests: fc.Arbitrary<Request> = fc.oneof(
  { weight: 8, arbitrary: objectRequests },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("upload" as const), at, blob }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("head" as const), at, blob }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("mount" as const),
      at,
      blob,
      from: fc.option(at, { nil: null }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("image" as const),
      at,
      blobs,
      tag,
      subject: fc.option(slot, { nil: null }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("index" as const),
      at,
      blobs: fc.uniqueArray(blob, { maxLength: 2 }),
      children: fc.uniqueArray(slot, { maxLength: 2 }),
      tag,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("deleteManifest" as const), at, slot }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("deleteTag" as const), at, tag: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("deleteBlob" as const), at, blob }) },
);

/** Spans around every border that there is: half a lease, a lease, the age, and the same with a millisecond more. */
const waits: fc.Arbitrary<Clocking> = fc.record({
  kind: fc.constant("wait" as const),
  ms: fc.constantFrom(1, minute, 29 * minute, 30 * minute, hour - 1, hour, hour + 1, 2 * hour),
});

const steps: fc.Arbitrary<Clocking> = fc.record({
  kind: fc.constant("step" as const),
  ms: fc.constantFrom(-day, day, 3650 * day, -3650 * day, -56 * 365 * day, 2 * minute, -2 * minute),
});

const meanwhile = fc.array(
  fc.record({
    after: fc.nat(20),
    action: fc.oneof<fc.MaybeWeightedArbitrary<Request | Clocking>[]>(
      { weight: 10, arbitrary: requests },
      { weight: 1, arbitrary: steps },
    ),
  }),
  { maxLength: 4 },
);

const collections: fc.Arbitrary<Collection> = fc.record({
  kind: fc.constant("collect" as const),
  minAgeMs: fc.constantFrom(0, hour, 3 * hour),
  untaggedOlderThanMs: fc.option(fc.constantFrom(0, hour), { nil: null, freq: 3 }),
  meanwhile: fc.oneof(fc.constant([]), meanwhile),
});

/** Histories. */
export const histories: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Action>[]>(
    { weight: 12, arbitrary: requests },
    { weight: 4, arbitrary: waits },
    { weight: 1, arbitrary: steps },
    { weight: 4, arbitrary: collections },
  ),
  { maxLength: 30, size: "max" },
);
