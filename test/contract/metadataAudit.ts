// Contract of the audit trail: each change leaves an entry in its own transaction, and what changes nothing leaves none.

import { describe, expect, test } from "bun:test";
import { byServer } from "../../src/access/keys.ts";
import type { AuditEntry, Author } from "../../src/metadata/audit.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { backups, builds, object, put } from "./metadataObjectRows.ts";
import { app, blob, digest, finish, manifest, now, other, tag } from "./metadataRows.ts";

const ann: Author = { who: "user:ann", address: "10.0.0.7", requestId: "r-1" };
const signed = { ...ann, at: now };
const all = { after: null, limit: 100, since: null, who: null, resource: null };

/** Event, resource, detail, digest and previous digest of each entry, in the order in which they were written. */
async function trail({ audit }: Metadata) {
  const { entries } = await audit.listEntries(all);
  return entries
    .toSorted((a, b) => a.id - b.id)
    .map(({ event, resource, detail, digest: is, previous }) => [
      ...[event, resource, detail, is, previous],
    ]);
}

function login(at: number, who: string | null = "user:ann"): AuditEntry {
  const nothing = { resource: null, detail: null, digest: null, previous: null };
  return { at, event: "login", who, address: null, requestId: null, ...nothing, times: 1 };
}

/** Part of `metadataContract`. */
export function auditContract(open: () => Promise<Metadata>): void {
  describe("the audit trail of a repository", () => {
    const one = manifest("one", { references: [blob("layer")] });
    const two = manifest("two", { references: [blob("layer")] });
    const openWithLayer = async () => {
      const metadata = await open();
      await metadata.uploads.finishUpload(finish("layer"));
      return metadata;
    };

    test("says of a push what each tag names now, and what it named before", async () => {
      const metadata = await openWithLayer();
      const push = (it: typeof one, ...tags: readonly string[]) =>
        metadata.registry.putManifest({ ...it, by: ann, tags: tags.map(tag) });
      await push(one);
      await push(one, "v1", "latest");
      await push(two, "v2", "latest");

      expect(await trail(metadata)).toEqual([
        ["push", app, one.digest, one.digest, null],
        ["push", app, "v1", one.digest, null],
        ["push", app, "latest", one.digest, null],
        ["push", app, "v2", two.digest, null],
        ["tag.move", app, "latest", two.digest, one.digest],
      ]);
      const { entries } = await metadata.audit.listEntries(all);
      expect(entries[0]).toMatchObject({ ...ann, at: now, times: 1 });
    });

    test("says which tags were deleted with a manifest, and which blob", async () => {
      const metadata = await openWithLayer();
      const { registry } = metadata;
      await registry.putManifest({ ...one, tags: [tag("v1"), tag("v2"), tag("v3")] });
      const removal = { repository: app, immutable: () => null, now, by: ann };
      await registry.removeTag({ ...removal, tag: tag("v1") });
      await registry.removeManifest({ ...removal, digest: one.digest });
      await registry.removeLink(app, digest("layer"), signed);

      expect(await trail(metadata)).toEqual([
        ["tag.delete", app, "v1", one.digest, null],
        ["tag.delete", app, "v2", one.digest, null],
        ["tag.delete", app, "v3", one.digest, null],
        ["manifest.delete", app, one.digest, one.digest, null],
        ["blob.delete", app, digest("layer"), digest("layer"), null],
      ]);
    });

    test("has nothing of what was refused, and of what nobody in particular did", async () => {
      const metadata = await openWithLayer();
      const { registry } = metadata;
      const lacking = manifest("lacking", { references: [blob("absent")] });
      await registry.putManifest({ ...lacking, by: ann });
      await registry.putManifest({ ...one, tags: [tag("v1")] });
      const removal = { repository: app, now, by: ann };
      await registry.removeTag({ ...removal, tag: tag("v1"), immutable: () => "v*" });
      await registry.removeTag({ ...removal, tag: tag("absent"), immutable: () => null });
      await registry.removeLink(app, digest("layer"), signed);
      await registry.removeLink(other, digest("layer"), signed);

      expect(await trail(metadata)).toEqual([]);
    });
  });

  test("the audit trail of buckets says what was put, replaced and deleted", async () => {
    const metadata = await open();
    const { objects } = metadata;
    await objects.createBucket(backups, now, ann);
    await objects.createBucket(backups, now, ann);
    await put(metadata, "a", "one", { by: ann });
    await put(metadata, "a", "two", { by: ann });
    await put(metadata, "a", "three", { by: ann, allows: () => false });
    const removal = { bucket: backups, object: object("a"), now, by: ann };
    await objects.removeBucket(backups, signed);
    await objects.removeObject({ ...removal, allows: () => false });
    await objects.removeObject({ ...removal, allows: () => true });
    await objects.createBucket(builds, now);
    await objects.removeBucket(builds, signed);

    const resource = `bucket:${backups}/a`;
    expect(await trail(metadata)).toEqual([
      ["bucket.create", `bucket:${backups}`, null, null, null],
      ["object.put", resource, null, digest("one"), null],
      ["object.replace", resource, null, digest("two"), digest("one")],
      ["object.delete", resource, null, null, digest("two")],
      ["bucket.delete", `bucket:${builds}`, null, null, null],
    ]);
  });

  test("the audit trail of accounts holds no hash, stamp or key", async () => {
    const metadata = await open();
    const { accounts, access } = metadata;
    const user = { name: "bob", passwordHash: "$argon2id$canary", stamp: "canary" };
    await accounts.addFirstUser({ ...user, isAdmin: true, createdAt: now }, signed);
    await accounts.addUser({ ...user, isAdmin: true, createdAt: now }, signed);
    await accounts.setPassword("bob", "$argon2id$canary2", "canary", signed);
    await accounts.changeUser("bob", { disabledAt: now, stamp: "canary" }, signed);
    await accounts.changeUser("bob", { disabledAt: null, stamp: "canary" }, signed);
    const rule = { effect: "allow", pattern: "lab/**", actions: "pull", createdAt: now } as const;
    const token = { name: "ci", hash: "canary", createdAt: now, expiresAt: null };
    await accounts.addToken(token, [{ ...rule, who: "token:ci" }], signed);
    await accounts.addRule({ ...rule, who: "user:bob" }, signed);
    await accounts.removeRule(2, signed);
    await accounts.removeRule(2, signed);
    await accounts.revokeToken("ci", now, signed);
    await accounts.revokeToken("ci", now, signed);
    await accounts.removeUser("bob", signed);
    await access.addKey(
      { id: "k", jwk: '{"d":"canary"}', createdAt: now },
      { previous: null, kept: 2 },
      byServer,
    );

    expect(await trail(metadata)).toEqual([
      ["user.add", "user:bob", "administrator", null, null],
      ["user.password", "user:bob", null, null, null],
      ["user.disable", "user:bob", null, null, null],
      ["user.enable", "user:bob", null, null, null],
      ["token.create", "token:ci", "lab/**:pull", null, null],
      ["rule.add", "rule:2", "allow user:bob lab/** pull", null, null],
      ["rule.remove", "rule:2", "allow user:bob lab/** pull", null, null],
      ["token.revoke", "token:ci", null, null, null],
      ["user.remove", "user:bob", null, null, null],
      ["key.rotate", "key:k", null, null, null],
    ]);
    expect(JSON.stringify(await metadata.audit.listEntries(all))).not.toContain("canary");
  });

  describe("entries of the audit trail", () => {
    const times = [now + 3, now + 1, now + 2, now + 2];
    const openWithLogins = async () => {
      const metadata = await open();
      const names = ["user:ann", "user:bob", "user:ann", null];
      await metadata.audit.addEntries(times.map((at, index) => login(at, names[index] ?? null)));
      return metadata.audit;
    };

    test("are listed by time, page by page, the latest first", async () => {
      const audit = await openWithLogins();
      const first = await audit.listEntries({ ...all, limit: 2 });
      const after = first.entries.at(-1) ?? null;
      const second = await audit.listEntries({ ...all, limit: 2, after });

      expect(first.entries.map(({ at, who }) => [at - now, who])).toEqual([
        [3, "user:ann"],
        [2, null],
      ]);
      expect(first.more).toBeTrue();
      expect(second.entries.map(({ at, who }) => [at - now, who])).toEqual([
        [2, "user:ann"],
        [1, "user:bob"],
      ]);
      expect(second.more).toBeFalse();
    });

    test("are found by who, by when and by what", async () => {
      const metadata = await open();
      const { audit, accounts } = metadata;
      await audit.addEntries([login(now), login(now + 5), login(now + 9, "user:bob")]);
      const rule = { effect: "allow", pattern: "lab/**", actions: "pull", createdAt: now } as const;
      for (const who of ["user:eve", "user:ann"]) {
        await accounts.addRule({ ...rule, who: "anonymous" }, { ...signed, who });
      }
      const found = async (asked: object) =>
        (await audit.listEntries({ ...all, ...asked })).entries.map(({ at, who, resource }) => [
          ...[at - now, who, resource],
        ]);

      expect(await found({ who: "user:bob" })).toEqual([[9, "user:bob", null]]);
      expect(await found({ since: now + 5 })).toEqual([
        [9, "user:bob", null],
        [5, "user:ann", null],
      ]);
      expect(await found({ who: "user:ann", since: now + 1 })).toEqual([[5, "user:ann", null]]);
      expect(await found({ resource: "rule:1" })).toEqual([[0, "user:eve", "rule:1"]]);
      expect(await found({ resource: "rule:1", who: "user:ann" })).toEqual([]);
      expect(await found({ resource: "rule:2", who: "user:ann" })).toEqual([
        [0, "user:ann", "rule:2"],
      ]);
    });

    test("that are too old are forgotten, the oldest first, a few at a time", async () => {
      const audit = await openWithLogins();

      expect(await audit.forgetEntries(now + 3, 2)).toBe(2);
      expect((await audit.listEntries(all)).entries.map(({ at }) => at - now)).toEqual([3, 2]);
      expect(await audit.forgetEntries(now + 3, 2)).toBe(1);
      expect(await audit.forgetEntries(now + 3, 2)).toBe(0);
    });

    test("that are too many are forgotten, the oldest first", async () => {
      const audit = await openWithLogins();

      expect(await audit.forgetBeyond(4, 10)).toBe(0);
      expect(await audit.forgetBeyond(1, 2)).toBe(2);
      expect(await audit.forgetBeyond(1, 2)).toBe(1);
      expect((await audit.listEntries(all)).entries.map(({ at }) => at - now)).toEqual([3]);
    });
  });
}
