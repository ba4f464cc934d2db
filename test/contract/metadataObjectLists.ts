// Contract of lists of objects: byte order, common prefixes, and pages that together tell everything once.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { ObjectPageRequest } from "../../src/metadata/objects.ts";
import { backups, bucket, builds, object, put, withBucket } from "./metadataObjectRows.ts";
import { app, digest, finish, locator, now } from "./metadataRows.ts";

const last = "\u{10ffff}";
/** Characters that a list could stumble over: at the ends of their lengths in UTF-8 and UTF-16, and special to SQL. */
const pieces = [
  "a",
  "b",
  "/",
  "-",
  "--",
  "%",
  "_",
  "'",
  '"',
  "é",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{1f4e6}",
  last,
];

type Request = Pick<ObjectPageRequest, "prefix" | "delimiter">;

/** What all pages of a list are to tell, in order. */
function expected(names: readonly string[], { prefix, delimiter }: Request): string[] {
  const told = names.flatMap((name) => {
    if (!name.startsWith(prefix)) return [];
    const at = delimiter === null ? -1 : name.indexOf(delimiter, prefix.length);
    return at < 0 || delimiter === null ? [name] : [name.slice(0, at + delimiter.length)];
  });
  return [...new Set(told)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Part of `metadataContract`. */
export function objectListsContract(open: () => Promise<Metadata>): void {
  /** Opens a database in which a bucket holds objects of these names. */
  const withObjects = async (names: readonly string[]) => {
    const metadata = await withBucket(open);
    await putAll(metadata, names);
    return metadata;
  };
  const putAll = async ({ uploads, objects }: Metadata, names: readonly string[]) => {
    await uploads.finishUpload(finish("layer"));
    const from = { repository: app, digest: digest("layer"), locator: locator("stored-layer") };
    const made = { bucket: backups, contentType: "x/y", allows: () => true, from, now };
    await Promise.all(names.map((name) => objects.linkObject({ ...made, object: object(name) })));
  };
  /** What the pages of a list tell, each in byte order. */
  const pages = async ({ objects }: Metadata, request: Request, limit: number) => {
    const told: string[][] = [];
    let after: string | null = null;
    do {
      const page = await objects.listObjects(backups, { ...request, after, limit });
      if (page === null) throw new Error("the bucket is there");
      expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(limit);
      const names = page.objects.map((it) => String(it.object));
      told.push(expected([...names, ...page.prefixes], { prefix: "", delimiter: null }));
      expect(page.last === null || page.last === told.at(-1)?.at(-1)).toBeTrue();
      after = page.last;
    } while (after !== null);
    return told;
  };

  describe("a list of objects", () => {
    test("has all fields of each object", async () => {
      const metadata = await withBucket(open);
      await metadata.objects.createBucket(builds, now);
      await put(metadata, "elsewhere", "two", { bucket: builds });
      await put(metadata, "a", "one", { contentType: "image/png" });

      const page = await metadata.objects.listObjects(backups, {
        after: null,
        limit: 10,
        prefix: "",
        delimiter: null,
      });

      const record = {
        bucket: backups,
        object: object("a"),
        size: 100,
        digest: digest("one"),
        contentType: "image/png",
        createdAt: now,
      };
      expect(page).toEqual({ objects: [record], prefixes: [], last: null });
    });

    test("of an unknown bucket is null, of an empty one empty", async () => {
      const { objects } = await withBucket(open);
      const request = { after: null, limit: 10, prefix: "", delimiter: "/" };

      expect(await objects.listObjects(bucket("absent"), request)).toBeNull();
      expect(await objects.listObjects(backups, request)).toEqual({
        objects: [],
        prefixes: [],
        last: null,
      });
    });

    test("is in the byte order of UTF-8, not of UTF-16", async () => {
      const names = ["\u{1f4e6}", "\uffee", "é", "z", "Z", "\u{10000}", "\ud7ff", "a b", "a"];
      const metadata = await withObjects(names);

      const [told] = await pages(metadata, { prefix: "", delimiter: null }, 100);

      expect(told).toEqual([
        "Z",
        "a",
        "a b",
        "z",
        "é",
        "\ud7ff",
        "\uffee",
        "\u{10000}",
        "\u{1f4e6}",
      ]);
    });

    test("takes %, _, quotes and case in a prefix literally", async () => {
      const names = ["%a", "_a", "'a", '"a', "xa", "A", "a%", "a_", "ab"];
      const metadata = await withObjects(names);
      const told = async (prefix: string) =>
        (await pages(metadata, { prefix, delimiter: null }, 100)).flat();

      for (const prefix of ["%", "_", "'", '"', "a", "A", "a%", "a_", "xa", "xb"]) {
        expect(await told(prefix)).toEqual(expected(names, { prefix, delimiter: null }));
      }
    });

    test("leaves out a common prefix that `after` begins with", async () => {
      const metadata = await withObjects(["a", "b/1", "b/2", "b0", "c/d/e", "c/d/f", "c/g"]);
      const after = async (name: string, prefix = "") => {
        const request = { after: name, limit: 10, prefix, delimiter: "/" };
        const page = await metadata.objects.listObjects(backups, request);
        return [page?.objects.map((it) => String(it.object)), page?.prefixes];
      };

      expect(await after("a")).toEqual([["b0"], ["b/", "c/"]]);
      expect(await after("b/")).toEqual([["b0"], ["c/"]]);
      expect(await after("b/1")).toEqual([["b0"], ["c/"]]);
      expect(await after("b")).toEqual([["b0"], ["b/", "c/"]]);
      expect(await after("c/d/", "c/")).toEqual([["c/g"], []]);
      expect(await after("a", "c/")).toEqual([["c/g"], ["c/d/"]]);
      expect(await after("d", "c/")).toEqual([[], []]);
    });

    test.each<[string, string | null, string[]]>([
      ["begins a name", "/", ["a-b/c"]],
      ["ends a name", "-", ["a-", "a-b", "a", "b-"]],
      ["has several characters", "--", ["a--b", "a-b", "a--", "a---b", "b--c"]],
      ["is beyond the BMP", "\u{1f4e6}", ["a\u{1f4e6}b", "a\u{1f4e7}b", "\u{1f4e6}"]],
      ["is the last character there is", last, [`a${last}`, `a${last}${last}b`, "a", `${last}a`]],
      ["is in no name", "#", ["a", "b"]],
      ["is empty", "", ["a/b", "a"]],
    ])("is cut where a delimiter %s", async (_, delimiter, names) => {
      const metadata = await withObjects(names);
      const request = { prefix: "", delimiter: delimiter === "" ? null : delimiter };

      const told = await metadata.objects.listObjects(backups, {
        prefix: "",
        delimiter,
        after: null,
        limit: 100,
      });

      const all = [
        ...(told?.objects ?? []).map((it) => String(it.object)),
        ...(told?.prefixes ?? []),
      ];
      expect(expected(all, { prefix: "", delimiter: null })).toEqual(expected(names, request));
    });

    test("with a limit of 0 is empty, without a next page", async () => {
      const { objects } = await withObjects(["a"]);
      const request = { after: null, limit: 0, prefix: "", delimiter: "/" };

      expect(await objects.listObjects(backups, request)).toEqual({
        objects: [],
        prefixes: [],
        last: null,
      });
    });

    test("has every name and every common prefix once, in order, at any page size", async () => {
      const metadata = await withBucket(open);
      const name = fc
        .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
        .map((parts) => parts.join(""))
        // What is no name of an object.
        .filter((text) => !text.split("/").some((segment) => segment === ""));
      const text = fc.array(fc.constantFrom(...pieces), { maxLength: 2 }).map((it) => it.join(""));
      const shape = fc.record({
        names: fc.uniqueArray(name, { maxLength: 12 }),
        prefix: text,
        delimiter: fc.option(fc.constantFrom(...pieces)),
        limit: fc.integer({ min: 1, max: 14 }),
      });
      const property = fc.asyncProperty(shape, async ({ names, limit, ...request }) => {
        await putAll(metadata, names);

        const told = await pages(metadata, request, limit);

        const all = expected(names, request);
        expect(told.flat()).toEqual(all);
        for (const page of told.slice(0, -1)) expect(page).toHaveLength(limit);
        const removal = { bucket: backups, allows: () => true, now };
        await Promise.all(
          names.map((it) => metadata.objects.removeObject({ ...removal, object: object(it) })),
        );
      });
      await fc.assert(property, { numRuns: 200 });
    }, 60_000);

    test("reads one row for each common prefix, not one for each object", async () => {
      const names = Array.from({ length: 400 }, (_, at) => `logs/${at % 20}/${at}`);
      const metadata = await withObjects([...names, "a", "logs", "logs0", "z/1"]);

      const top = await pages(metadata, { prefix: "", delimiter: "/" }, 3);
      const below = await pages(metadata, { prefix: "logs/", delimiter: "/" }, 7);

      expect(top).toEqual([
        ["a", "logs", "logs/"],
        ["logs0", "z/"],
      ]);
      expect(below.flat()).toEqual(expected(names, { prefix: "logs/", delimiter: "/" }));
      expect(below.map((page) => page.length)).toEqual([7, 7, 6]);
    });
  });
}
