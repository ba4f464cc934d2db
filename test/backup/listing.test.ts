// Sorted lists that are walked side by side give what sets would give.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { compared, flat, type ListedContent, merged } from "../../src/backup/listing.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";

const digests: readonly Digest[] = Array.from({ length: 12 }, (_, place) =>
  digestOf(Uint8Array.of(place), place % 2 === 0 ? "sha256" : "sha512"),
).sort();

const lists = fc.subarray(digests.map((_, place) => place)).map((places) =>
  places.flatMap((place) => {
    const digest = digests[place];
    return digest === undefined ? [] : [{ digest, size: place }];
  }),
);

async function* each<T>(things: readonly T[]): AsyncGenerator<T, undefined> {
  yield* things;
}

test("of two lists it tells what is in both, and what is in one of them only", async () => {
  await fc.assert(
    fc.asyncProperty(lists, lists, async (wanted, there) => {
      const batches = each([there.map(({ digest, size }) => ({ digest, size: async () => size }))]);
      const found = await Array.fromAsync(compared(each(wanted), flat(batches)));

      const has = (list: readonly ListedContent[], digest: Digest) =>
        list.some((one) => one.digest === digest);
      const expected = digests.flatMap((digest) => {
        if (has(wanted, digest)) return has(there, digest) ? ["both"] : ["missing"];
        return has(there, digest) ? ["surplus"] : [];
      });
      expect(found.map(({ kind }) => String(kind))).toEqual(expected);
    }),
  );
});

test("several lists become one, which says which of them have a content", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lists, { maxLength: 5 }), async (all) => {
      const found = await Array.fromAsync(merged(all.map((list) => each(list))));

      const expected = digests.flatMap((digest) => {
        const having = all.flatMap((list, place) =>
          list.some((one) => one.digest === digest) ? [place] : [],
        );
        return having.length === 0 ? [] : [{ digest, lists: having }];
      });
      expect(found.map(({ digest, lists: having }) => ({ digest, lists: having }))).toEqual(
        expected,
      );
    }),
  );
});
