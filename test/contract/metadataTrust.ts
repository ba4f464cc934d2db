// Contract of trust rules, and of the pushes that jobs made.
import { describe, expect, test } from "bun:test";
import type { NewRule } from "../../src/metadata/access.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { StoredTrust } from "../../src/metadata/trust.ts";
import { digestOf } from "../../src/model/digest.ts";
import { app, manifest, now, other, tag } from "./metadataRows.ts";

const main: Omit<StoredTrust, "lastUsedAt"> = {
  ...{ name: "acme/app", stamp: "s1", kind: "github", issuer: "https://issuer.example" },
  ...{ demands: '{"repository":["acme/app"]}', boundClaim: "repository_id", boundValue: null },
  ...{ allowsPullRequests: false, ca: null, createdAt: now },
};
const grant: NewRule = {
  ...{ who: "workload:acme/app", effect: "allow", pattern: "lab/**", actions: "pull" },
  createdAt: now,
};
const someone = (who: string | null) => ({ who, address: "10.0.0.1", requestId: "r1" });
const by = { ...someone("command:root"), at: now };
const key = { name: main.name, stamp: main.stamp };
const origin = {
  ...{ issuer: "https://issuer.example", repository: "acme/app", ref: "refs/heads/main" },
  ...{ commit: "8843d7f", run: "7", actor: null },
};

/** Part of `metadataContract`. */
export function trustContract(open: () => Promise<Metadata>): void {
  describe("trust rules", () => {
    test("are found by issuer and by name as they were added, with their rules", async () => {
      const { access, trust } = await open();
      const second = { ...main, name: "other", issuer: "https://other.example", ca: "PEM" };

      expect(await trust.addTrust(main, [grant])).toBe(true);
      expect(await trust.addTrust({ ...second, allowsPullRequests: true }, [])).toBe(true);

      expect(await trust.listTrustOf(main.issuer)).toEqual([{ ...main, lastUsedAt: null }]);
      expect(await trust.findTrust("other")).toEqual({
        ...{ ...second, allowsPullRequests: true, lastUsedAt: null },
      });
      expect((await trust.listTrust()).map(({ name }) => name)).toEqual(["acme/app", "other"]);
      expect(await access.listRulesOf("workload:acme/app")).toEqual([{ id: 1, ...grant }]);
      expect(await trust.findTrust("absent")).toBeNull();
    });

    test("close a store that never had an account", async () => {
      const { access, trust } = await open();
      await trust.addTrust(main, []);
      expect((await access.findState()).closed).toBe(true);
    });

    test("a name is given once at a time, and a removed rule leaves nothing to the next one", async () => {
      const { access, trust } = await open();
      await trust.addTrust(main, [grant]);

      expect(await trust.addTrust({ ...main, stamp: "s2" }, [grant])).toBe(false);
      expect(await access.listRulesOf("workload:acme/app")).toHaveLength(1);
      expect(await trust.removeTrust("acme/app")).toBe(true);
      expect(await trust.removeTrust("acme/app")).toBe(false);
      expect(await access.listRulesOf("workload:acme/app")).toEqual([]);
      expect(await trust.addTrust({ ...main, stamp: "s2" }, [])).toBe(true);
    });

    test("are bound once, and say to what", async () => {
      const { access, trust } = await open();
      await trust.addTrust(main, []);
      const { revision } = await access.findState();

      expect(await trust.bindTrust(key, "74", by)).toBe("74");
      expect(await trust.bindTrust(key, "75", by)).toBe("74");
      expect(await trust.bindTrust({ ...key, stamp: "another" }, "75", by)).toBeNull();
      expect((await trust.findTrust("acme/app"))?.boundValue).toBe("74");
      expect((await access.findState()).revision).toBeGreaterThan(revision);
    });

    test("are written down when they are added, bound and removed", async () => {
      const { audit, trust } = await open();
      await trust.addTrust(main, [grant], by);
      await trust.addTrust(main, [grant], by);
      await trust.bindTrust(key, "74", { ...by, at: now + 1 });
      await trust.bindTrust(key, "74", { ...by, at: now + 2 });
      await trust.removeTrust("acme/app", { ...by, at: now + 3 });
      await trust.removeTrust("acme/app", { ...by, at: now + 4 });

      const all = { after: null, limit: 10, since: null, who: null, resource: "workload:acme/app" };
      const { entries } = await audit.listEntries(all);
      expect(entries.map(({ event, detail, at }) => [event, detail, at])).toEqual([
        ["trust.remove", null, now + 3],
        ["trust.bind", "repository_id 74", now + 1],
        ["trust.add", `${main.issuer} ${main.demands} lab/**:pull`, now],
      ]);
    });

    test("remember their last use, and change no revision by it", async () => {
      const { access, trust } = await open();
      await trust.addTrust(main, []);
      const { revision } = await access.findState();

      await trust.noteUse(key, now + 60);
      await trust.noteUse(key, now + 30);
      await trust.noteUse({ ...key, stamp: "another" }, now + 90);

      expect((await trust.findTrust("acme/app"))?.lastUsedAt).toBe(now + 60);
      expect((await access.findState()).revision).toBe(revision);
    });
  });

  describe("pushes", () => {
    const pushed = (body: string, more: object = {}) =>
      manifest(body, { tags: [tag("1")], by: someone(null), ...more });

    test("are listed by tag and by digest, the latest first, with what the job's token said", async () => {
      const { registry, history } = await open();
      await registry.putManifest(pushed('{"a":1}', { by: someone("workload:acme/app"), origin }));
      await registry.putManifest(pushed('{"b":1}', { now: now + 1, by: someone("user:ann") }));
      await registry.putManifest(manifest('{"a":1}', { now: now + 2, by: someone(null) }));
      const digest = digestOf(Buffer.from('{"a":1}'));
      const byJob = {
        ...{ repository: app, digest, tag: tag("1"), pushedAt: now, origin },
        pushedBy: "workload:acme/app",
      };

      const ofTag = await history.listTagPushes(app, tag("1"), 10);
      expect(ofTag.map(({ pushedBy }) => pushedBy)).toEqual(["user:ann", "workload:acme/app"]);
      expect(ofTag[1]).toEqual(byJob);
      const ofDigest = await history.listDigestPushes(app, digest, 10);
      expect(ofDigest).toEqual([
        { ...byJob, tag: null, pushedAt: now + 2, pushedBy: null, origin: null },
        byJob,
      ]);
      expect(await history.listDigestPushes(app, digest, 1)).toEqual(ofDigest.slice(0, 1));
      expect(await history.listDigestPushes(other, digest, 10)).toEqual([]);
      expect(await history.listTagPushes(app, tag("2"), 10)).toEqual([]);
    });

    test("of one tag are kept up to a hundred, and those of others stay", async () => {
      const { registry, history } = await open();
      await registry.putManifest(manifest("{}", { tags: [tag("old")], by: someone(null) }));
      for (let at = 0; at < 105; at += 1) {
        await registry.putManifest(
          manifest("{}", { now: now + at, tags: [tag("1")], by: someone(null) }),
        );
        await registry.putManifest(manifest("{}", { now: now + at, by: someone(null) }));
      }

      const ofTag = await history.listTagPushes(app, tag("1"), 1_000);
      expect(ofTag.map(({ pushedAt }) => pushedAt)).toEqual(
        Array.from({ length: 100 }, (_, at) => now + 104 - at),
      );
      const all = await history.listDigestPushes(app, digestOf(Buffer.from("{}")), 1_000);
      expect(all).toHaveLength(201);
    });

    test("of imports are not written down", async () => {
      const { registry, history } = await open();
      await registry.putManifest(pushed("{}", { by: null }));
      expect(await history.listTagPushes(app, tag("1"), 10)).toEqual([]);
    });

    test("are forgotten with their manifest", async () => {
      const { registry, history } = await open();
      await registry.putManifest(pushed('{"a":1}'));
      const digest = digestOf(Buffer.from('{"a":1}'));
      await registry.removeManifest({ repository: app, digest, immutable: () => null, now });

      expect(await history.listTagPushes(app, tag("1"), 10)).toEqual([]);
      expect(await history.listDigestPushes(app, digest, 10)).toEqual([]);
    });
  });
}
