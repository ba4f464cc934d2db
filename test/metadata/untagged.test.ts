// The rule for untagged manifests against a small model, on repositories made at random: indexes of indexes, referrers of referrers.
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { RepositoryName } from "../../src/model/names.ts";
import { app, holdGc, limitsAt, manifest, now, other, tag } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { openEmpty } from "./database.ts";

const day = 24 * 60 * 60_000;
const later = now + 10 * day;
const rule = { pushedBefore: later - 7 * day };

/** A manifest by its number: what it names has smaller numbers, as digests would have it. */
interface Made {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly children: readonly Digest[];
  readonly subject: Digest | null;
  readonly tagged: boolean;
  readonly pushedAt: number;
}

const shape = fc.record({
  isOther: fc.boolean(),
  tagged: fc.boolean(),
  ageDays: fc.integer({ min: 0, max: 10 }),
  children: fc.array(fc.nat(), { maxLength: 3 }),
  subject: fc.option(fc.nat(), { freq: 2 }),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

/** Puts the manifests of `shapes`, one after the other. */
async function make(metadata: Metadata, shapes: readonly Shape[], run: number): Promise<Made[]> {
  const made: Made[] = [];
  for (const [number, { isOther, tagged, ageDays, children, subject }] of shapes.entries()) {
    const repository = isOther ? other : app;
    const here = made.filter((it) => it.repository === repository);
    const pick = (at: number): Digest | null => here[at % Math.max(here.length, 1)]?.digest ?? null;
    const named = [...new Set(children.map(pick))].filter((digest) => digest !== null);
    const put = manifest(`${run} ${number}`, {
      repository,
      subject: subject === null ? null : (pick(subject) ?? manifest("absent").digest),
      references: named.map((digest) => {
        const size = `${run} ${made.findIndex((it) => it.digest === digest)}`.length;
        return { digest, size, kind: "child", required: true } as const;
      }),
      tags: tagged ? [tag(`t${number}`)] : [],
      now: later - ageDays * day,
    });
    expect(await metadata.registry.putManifest(put)).toEqual({ kind: "stored" });
    const { digest, now: pushedAt } = put;
    made.push({ repository, digest, children: named, subject: put.subject, tagged, pushedAt });
  }
  return made;
}

/** What the rule leaves: one manifest after the other goes, until none may. */
function survivors(made: readonly Made[]): readonly Made[] {
  const mayGo = (it: Made, all: readonly Made[]): boolean => {
    const here = all.filter(({ repository }) => repository === it.repository);
    const isNamed = here.some(({ children }) => children.includes(it.digest));
    const hasSubject = here.some(({ digest }) => digest === it.subject);
    return !it.tagged && !isNamed && !hasSubject && it.pushedAt <= rule.pushedBefore;
  };
  const gone = made.find((it) => mayGo(it, made));
  return gone === undefined ? made : survivors(made.filter((it) => it !== gone));
}

test("the rule for untagged manifests keeps the same as the model, and a second run finds nothing more", async () => {
  await using scope = new Scope();
  const { metadata } = await openEmpty(scope);
  const { untagged, registry } = metadata;
  const limits = limitsAt(later);
  const hold = await holdGc(metadata);
  let run = 0;
  const property = fc.asyncProperty(fc.array(shape, { maxLength: 14 }), async (shapes) => {
    run += 1;
    const made = await make(metadata, shapes, run);

    const { manifests } = await untagged.planUntagged(rule, limits);
    const gone = await untagged.removeUntagged(hold, manifests, { ...rule, now: later });

    expect(gone).toBe(manifests.length);
    expect((await untagged.planUntagged(rule, limits)).manifests).toEqual([]);
    const found: Made[] = [];
    for (const it of made) {
      const { repository, digest } = it;
      if ((await registry.findManifestSummary(repository, { digest })) !== null) found.push(it);
    }
    expect(found).toEqual([...survivors(made)]);
    for (const { repository, digest } of found) {
      await registry.removeManifest({ repository, digest, immutable: () => null, now: later });
    }
  });
  // Thousands of commits, each of them synced.
  await fc.assert(property, { numRuns: 300 });
}, 60_000);
