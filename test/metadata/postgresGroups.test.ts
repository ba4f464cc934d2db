// Manifests that are pushed at the same time over PostgreSQL share transactions, and leave what they would leave one after another.
import { expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import type { ManifestPut } from "../../src/metadata/metadata.ts";
import { digestOf } from "../../src/model/digest.ts";
import { bytes, manifest, tag } from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openPostgresIn } from "./postgresDatabase.ts";

const by = { who: "user:ann", address: null, requestId: null };
const names = Array.from({ length: 200 }, (_, number) => `image ${number}`);
const digestNamed = (name: string) => digestOf(bytes(name));

/** What a manifest says: some are about another one, some name two others as children. */
const bodies = names.map((_, at): Partial<ManifestPut> => {
  const named = (step: number) => names[(at * step + 5) % names.length] ?? "";
  const children = at % 3 === 0 ? [named(1), named(7)] : [];
  return {
    subject: at % 2 === 1 ? digestNamed(named(1)) : null,
    references: children.map((child) => ({
      ...{ digest: digestNamed(child), kind: "child", size: child.length, required: false },
    })),
  };
});

/** Pushes of all of them, of some twice, under one of few tags or under none, in any order. */
function anyPuts(): readonly ManifestPut[] {
  const numbers = [...names.keys(), ...names.keys().filter((at) => at % 5 === 0)];
  return shuffled(numbers).map((at) => {
    const tags = Math.random() < 0.3 ? [tag(`t${Math.floor(Math.random() * 40)}`)] : [];
    return manifest(names[at] ?? "", { ...bodies[at], by, tags });
  });
}

const shuffled = <T>(values: readonly T[]): readonly T[] =>
  values
    .map((value) => ({ value, at: Math.random() }))
    .sort((one, two) => one.at - two.at)
    .map(({ value }) => value);

/** Manifests that nothing names and that are not noted as released, or the other way round. */
const wronglyNoted = `
  select m.digest from manifests m where (
    not exists (select 1 from tags t where t.digest = m.digest)
    and not exists (select 1 from manifest_references r where r.digest = m.digest and r.kind = 'child')
    and not exists (select 1 from manifests s where s.digest = m.subject)
  ) <> exists (select 1 from released_manifests e where e.digest = m.digest)`;

describeOnPostgres("pushes at the same time", (server) => {
  test("are not refused with one that may not move a tag", async () => {
    await using scope = new Scope();
    const { metadata } = await openPostgresIn(scope, server(), "refusals");
    const tags = [tag("kept")];
    await metadata.registry.putManifest(manifest("kept", { tags }));
    const immutable = () => {
      throw new RegistryError("DENIED");
    };

    // The first one is on its way while the others wait for each other.
    const outcomes = await Promise.allSettled(
      [
        manifest("first"),
        manifest("one"),
        manifest("other", { tags, immutable }),
        manifest("two"),
      ].map((put) => metadata.registry.putManifest(put)),
    );

    const ends = outcomes.map((end) =>
      end.status === "fulfilled" ? end.value.kind : String(end.reason),
    );
    expect(ends).toEqual(["stored", "stored", String(new RegistryError("DENIED")), "stored"]);
  });

  test("know each other where one is about the other", async () => {
    await using scope = new Scope();
    const { metadata, admin } = await openPostgresIn(scope, server(), "subjects");
    const signature = manifest("signature", { subject: digestNamed("image") });

    // The first one is on its way while the others wait for each other.
    const puts = [manifest("first"), signature, manifest("image")];
    await Promise.all(puts.map((put) => metadata.registry.putManifest(put)));

    expect(await admin.unsafe(wronglyNoted)).toHaveLength(0);
  });

  test("leave rows that agree, and a trail in which each move begins where the one before ended", async () => {
    await using scope = new Scope();
    const { metadata, admin, empty } = await openPostgresIn(scope, server(), "groups");
    for (let round = 0; round < 5; round += 1) {
      await empty();
      const puts = anyPuts();

      const outcomes = await Promise.all(puts.map((put) => metadata.registry.putManifest(put)));

      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["stored"]));
      const [commits] = await admin`select count(*)::int as count from commits`;
      expect(commits?.["count"]).toBeLessThan(20);
      expect(await admin.unsafe(wronglyNoted)).toHaveLength(0);
      const named = new Map<string, string>();
      for (const { detail, digest, previous } of await admin`
        select detail, digest, previous from audit_entries where detail like 't%' order by id`) {
        const before = named.get(detail) ?? null;
        expect([detail, previous]).toEqual([detail, before === digest ? null : before]);
        named.set(detail, digest);
      }
      const tags = await admin`select name, digest from tags`;
      expect(new Map(tags.map(({ name, digest }) => [name, digest]))).toEqual(named);
    }
  }, 60_000);
});
