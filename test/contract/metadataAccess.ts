// Contract of users, tokens, rules and signing keys.

import { describe, expect, test } from "bun:test";
import { byServer } from "../../src/access/keys.ts";
import type { NewRule, StoredKey, StoredUser } from "../../src/metadata/access.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { now } from "./metadataRows.ts";

const ann: Omit<StoredUser, "disabledAt"> = {
  name: "ann",
  passwordHash: "$argon2id$1",
  isAdmin: true,
  stamp: "s1",
  createdAt: now,
};
const ci = { name: "ci", hash: "a".repeat(64), createdAt: now, expiresAt: now + 5 };
const pulls = (who: NewRule["who"]): NewRule => ({
  ...{ who, effect: "allow", pattern: "lab/**", actions: "pull" },
  createdAt: now,
});
const key = (id: string): StoredKey => ({ id, jwk: `{"kid":"${id}"}`, createdAt: now });

/** Part of `metadataContract`. */
export function accessContract(open: () => Promise<Metadata>): void {
  describe("users", () => {
    test("are found as they were added, and listed by name", async () => {
      const { access, accounts } = await open();

      expect(await accounts.addUser({ ...ann, name: "bob", isAdmin: false })).toBe(true);
      expect(await accounts.addUser(ann)).toBe(true);

      expect(await access.findUser("ann")).toEqual({ ...ann, disabledAt: null });
      expect(await access.findUser("Ann")).toBeNull();
      expect(await access.countUsers()).toBe(2);
      const { users } = await accounts.listAccounts();
      expect(users.map(({ name, isAdmin }) => [name, isAdmin])).toEqual([
        ["ann", true],
        ["bob", false],
      ]);
    });

    test("a name is given once, and the first user stays as it was", async () => {
      const { access, accounts } = await open();
      await accounts.addUser(ann);

      expect(await accounts.addUser({ ...ann, passwordHash: "other" })).toBe(false);
      expect((await access.findUser("ann"))?.passwordHash).toBe(ann.passwordHash);
    });

    test("the first user is added only to a store that never had an account", async () => {
      const { accounts } = await open();

      expect(await accounts.addFirstUser(ann)).toBe(true);
      expect(await accounts.addFirstUser({ ...ann, name: "eve" })).toBe(false);
      await accounts.removeUser("ann");
      expect(await accounts.addFirstUser(ann)).toBe(false);
    });

    test("a changed password and a disabled user have another stamp; the user can be enabled again", async () => {
      const { access, accounts } = await open();
      await accounts.addUser(ann);

      expect(await accounts.setPassword("ann", "$argon2id$2", "s2")).toBe(true);
      const changed = { ...ann, passwordHash: "$argon2id$2", stamp: "s2" };
      expect(await access.findUser("ann")).toEqual({ ...changed, disabledAt: null });

      expect(await accounts.changeUser("ann", { disabledAt: now + 1, stamp: "s3" })).toBe(true);
      const disabled = { ...changed, stamp: "s3", disabledAt: now + 1 };
      expect(await access.findUser("ann")).toEqual(disabled);
      await accounts.changeUser("ann", { disabledAt: null, stamp: "s4" });
      expect(await access.findUser("ann")).toEqual({ ...disabled, stamp: "s4", disabledAt: null });
      expect(await accounts.setPassword("eve", "x", "y")).toBe(false);
      expect(await accounts.changeUser("eve", { disabledAt: now, stamp: "s5" })).toBe(false);
    });

    test("a user becomes an administrator and none again, with the same stamp", async () => {
      const { access, accounts } = await open();
      await accounts.addUser({ ...ann, isAdmin: false });
      const { revision } = await access.findState();

      expect(await accounts.changeUser("ann", { isAdmin: true })).toBe(true);
      expect(await access.findUser("ann")).toEqual({ ...ann, disabledAt: null });
      expect((await access.findState()).revision).toBeGreaterThan(revision);
      expect(await accounts.changeUser("ann", { isAdmin: false })).toBe(true);
      expect((await access.findUser("ann"))?.isAdmin).toBe(false);
      expect(await accounts.changeUser("eve", { isAdmin: true })).toBe(false);
    });

    test("a removed user leaves no rule to the next one of that name", async () => {
      const { access, accounts } = await open();
      await accounts.addUser(ann);
      await accounts.addRule(pulls("user:ann"));
      await accounts.addRule(pulls("user:anna"));

      expect(await accounts.removeUser("ann")).toBe(true);

      expect(await accounts.removeUser("ann")).toBe(false);
      expect(await access.listRulesOf("user:ann")).toEqual([]);
      expect(await access.listRulesOf("user:anna")).toHaveLength(1);
    });
  });

  describe("access tokens", () => {
    test("are found by their hash and by their name, with their rules", async () => {
      const { access, accounts } = await open();

      expect(await accounts.addToken(ci, [pulls("token:ci")])).toBe(true);

      const stored = { ...ci, revokedAt: null, lastUsedAt: null };
      expect(await access.findToken(ci.hash)).toEqual(stored);
      expect(await access.findTokenByName("ci")).toEqual(stored);
      expect(await access.findToken("b".repeat(64))).toBeNull();
      expect(await access.listRulesOf("token:ci")).toEqual([
        { id: expect.any(Number), ...pulls("token:ci") },
      ]);
    });

    test("a revoked one loses its rules and keeps its name", async () => {
      const { access, accounts } = await open();
      await accounts.addToken(ci, [pulls("token:ci")]);

      expect(await accounts.revokeToken("ci", now + 1)).toBe(true);

      expect(await accounts.revokeToken("ci", now + 2)).toBe(false);
      expect((await access.findToken(ci.hash))?.revokedAt).toBe(now + 1);
      expect(await access.listRulesOf("token:ci")).toEqual([]);
      expect(await accounts.addToken({ ...ci, hash: "c".repeat(64) }, [])).toBe(false);
    });

    test("remember their last use, and change no revision by it", async () => {
      const { access, accounts } = await open();
      await accounts.addToken(ci, []);
      const { revision } = await access.findState();

      await access.noteUse(ci.hash, now + 60);
      await access.noteUse(ci.hash, now + 30);

      expect((await access.findToken(ci.hash))?.lastUsedAt).toBe(now + 60);
      expect((await access.findState()).revision).toBe(revision);
    });
  });

  describe("rules", () => {
    test("are listed in the order in which they were added, and their ids are never used twice", async () => {
      const { access, accounts } = await open();
      const first = await accounts.addRule(pulls("anonymous"));
      const second = await accounts.addRule({ ...pulls("anonymous"), effect: "deny" });

      expect((await access.listRulesOf("anonymous")).map(({ id }) => id)).toEqual([first, second]);
      expect(await accounts.removeRule(second)).toBe(true);
      expect(await accounts.removeRule(second)).toBe(false);
      expect(await accounts.addRule(pulls("authenticated"))).toBeGreaterThan(second);
      expect((await accounts.listAccounts()).rules.map(({ who }) => who)).toEqual([
        "anonymous",
        "authenticated",
      ]);
    });
  });

  describe("the state of access", () => {
    test("is open until the first account, and stays closed when the last one is removed", async () => {
      const { access, accounts } = await open();
      expect((await access.findState()).closed).toBe(false);
      await accounts.addRule(pulls("anonymous"));
      expect((await access.findState()).closed).toBe(false);

      await accounts.addUser(ann);
      await accounts.removeUser("ann");

      expect((await access.findState()).closed).toBe(true);
    });

    test("a token closes it as a user does", async () => {
      const { access, accounts } = await open();
      await accounts.addToken(ci, []);
      expect((await access.findState()).closed).toBe(true);
    });

    test("its revision moves with each change, and with nothing else", async () => {
      const { access, accounts } = await open();
      let rule = 0;
      const changes: readonly (() => Promise<unknown>)[] = [
        () => accounts.addUser(ann),
        () => accounts.setPassword("ann", "x", "s2"),
        () => accounts.changeUser("ann", { disabledAt: now, stamp: "s3" }),
        () => accounts.addToken(ci, []),
        () => accounts.revokeToken("ci", now),
        async () => {
          rule = await accounts.addRule(pulls("user:ann"));
        },
        () => accounts.removeRule(rule),
        () => accounts.removeUser("ann"),
        () => access.addKey(key("1"), { previous: null, kept: 2 }, byServer),
      ];
      for (const change of changes) {
        const { revision } = await access.findState();
        await change();
        expect((await access.findState()).revision).toBeGreaterThan(revision);
        expect(await access.confirmState()).toEqual(await access.findState());
      }
      const { revision } = await access.findState();
      await accounts.removeUser("ann");
      await accounts.revokeToken("ci", now);
      await access.addKey(key("2"), { previous: "other", kept: 2 }, byServer);
      expect((await access.findState()).revision).toBe(revision);
    });
  });

  describe("signing keys", () => {
    test("two servers that start at a time add one key", async () => {
      const { access } = await open();
      expect(await access.addKey(key("1"), { previous: null, kept: 2 }, byServer)).toBe(true);
      expect(await access.addKey(key("2"), { previous: null, kept: 2 }, byServer)).toBe(false);
      expect(await access.listKeys()).toEqual([key("1")]);
    });

    test("the newest is the first, and the oldest goes", async () => {
      const { access } = await open();
      await access.addKey(key("1"), { previous: null, kept: 2 }, byServer);
      await access.addKey(key("2"), { previous: "1", kept: 2 }, byServer);
      await access.addKey(key("3"), { previous: "2", kept: 2 }, byServer);
      expect(await access.listKeys()).toEqual([key("3"), key("2")]);
    });
  });
}
