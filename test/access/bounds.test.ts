// What is remembered of accounts and logins is keyed by what clients choose: more of them than are remembered take no more memory.

import { expect, test } from "bun:test";
import { Logins } from "../../src/access/logins.ts";
import { AccessMemory } from "../../src/access/memory.ts";
import type { AccessMetadata } from "../../src/metadata/access.ts";
import { heapObjects } from "../support/heapObjects.ts";

/** As many as each of them remembers: some start over then, and are full again after as many more. */
const many = 50_000;

/** @returns how many objects the second `many` took, when as many were there before. */
async function grownBy(use: (at: number) => Promise<unknown>): Promise<number> {
  for (let at = 0; at < many; at += 1) await use(at);
  const before = heapObjects();
  for (let at = many; at < 2 * many; at += 1) await use(at);
  return heapObjects() - before;
}

/** Each of another account, from another address. */
const loginAt = (at: number) => ({
  ...{ name: `user-${at}`, password: "a password", hash: "a hash", decoy: null },
  address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
});

test("right logins of any number of accounts from any number of networks", async () => {
  const logins = new Logins(() => 0, { most: 1, compare: async () => true });

  const grown = await grownBy((at) => logins.isRight(loginAt(at)));

  expect(await logins.isRight(loginAt(1))).toBeTrue();
  expect(grown).toBeLessThan(many / 10);
}, 60_000);

test("wrong logins of any number of accounts from any number of networks", async () => {
  const logins = new Logins(() => 0, { most: 1, compare: async () => false });

  const grown = await grownBy((at) => logins.isRight(loginAt(at)));

  expect(grown).toBeLessThan(many / 10);
}, 60_000);

test("users, tokens and rules that were read", async () => {
  const none = async () => null;
  const state = async () => ({ revision: 1, closed: true });
  const metadata: AccessMetadata = {
    ...{
      findState: state,
      confirmState: state,
      findTokenByName: none,
      listRulesOf: async () => [],
    },
    countUsers: async () => 0,
    findUser: async (name) => ({
      ...{ name, passwordHash: "x", isAdmin: false, stamp: "1", disabledAt: null, createdAt: 1 },
    }),
    findToken: async (hash) => ({
      ...{ name: hash, hash, createdAt: 1, expiresAt: null, revokedAt: null, lastUsedAt: null },
    }),
    ...{ noteUse: async () => {}, listKeys: async () => [], addKey: async () => true },
  };
  const trust = { listTrustOf: async () => [], findTrust: none };
  const memory = new AccessMemory(metadata, trust, () => 1);
  await memory.refresh();

  const grown = await grownBy(async (at) => {
    await memory.user(`user-${at}`);
    await memory.token(`token-${at}`);
    await memory.rulesOf({ kind: "user", name: `user-${at}`, isAdmin: false });
  });

  expect(grown).toBeLessThan(many / 10);
}, 60_000);
