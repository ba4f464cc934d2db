// What access keeps of its tables: nothing that was read before a change may last beyond it.
import { describe, expect, test } from "bun:test";
import { makeKey } from "../../src/access/bearer.ts";
import { type Admitted, identityOf } from "../../src/access/identity.ts";
import { AccessMemory } from "../../src/access/memory.ts";
import { nothing } from "../../src/access/rights.ts";
import type {
  AccessMetadata,
  StoredKey,
  StoredToken,
  StoredUser,
} from "../../src/metadata/access.ts";

const token: StoredToken = {
  ...{ name: "ci", hash: "a".repeat(64), createdAt: 1, expiresAt: null },
  ...{ revokedAt: null, lastUsedAt: null },
};

const ann: StoredUser = {
  ...{ name: "ann", passwordHash: "x", isAdmin: false, stamp: "1" },
  ...{ disabledAt: null, createdAt: 1 },
};

/** Rows that a test sets. */
function openRows() {
  const rows = {
    revision: 1,
    token,
    keys: [] as readonly StoredKey[],
    failing: false,
    now: 1,
    /** Reads wait for it. */
    gate: Promise.resolve(),
  };
  const none = async () => null;
  const state = async () => ({ revision: rows.revision, closed: true });
  const metadata: AccessMetadata = {
    findState: state,
    confirmState: state,
    countUsers: async () => 0,
    findUser: async (name) => (name === "ann" ? ann : null),
    findToken: async () => {
      const read = rows.token;
      await rows.gate;
      return read;
    },
    findTokenByName: none,
    listRulesOf: async () => [],
    noteUse: async () => {},
    listKeys: async () => {
      if (rows.failing) throw new Error("the database is locked");
      return rows.keys;
    },
    addKey: async () => true,
  };
  const trust = { listTrustOf: async () => [], findTrust: none };
  return { rows, memory: new AccessMemory(metadata, trust, () => rows.now) };
}

describe("the memory of access", () => {
  test("forgets a token when it is revoked, though a use of it is noted at the same time", async () => {
    const { rows, memory } = openRows();
    await memory.refresh();
    const slow = Promise.withResolvers<void>();
    rows.gate = slow.promise;
    const used = memory.token(token.hash);

    rows.gate = Promise.resolve();
    rows.token = { ...token, revokedAt: 5 };
    rows.revision = 2;
    await memory.refresh();
    expect((await memory.token(token.hash))?.revokedAt).toBe(5);
    slow.resolve();
    const before = await used;
    if (before !== null) memory.noteUse(before, 9);

    expect((await memory.token(token.hash))?.revokedAt).toBe(5);
  });

  test("notes a use of a token that has not changed", async () => {
    const { memory } = openRows();
    await memory.refresh();
    const found = await memory.token(token.hash);
    if (found !== null) memory.noteUse(found, 9);

    expect((await memory.token(token.hash))?.lastUsedAt).toBe(9);
  });

  test("reads keys again that could not be read", async () => {
    const { rows, memory } = openRows();
    const { stored } = await makeKey("k1");
    rows.keys = [{ id: "k1", jwk: stored, createdAt: 1 }];
    await memory.refresh();
    rows.failing = true;
    expect(memory.signer()).rejects.toThrow("locked");
    await Bun.sleep(0);
    rows.failing = false;

    expect(await memory.signer()).toBe(await memory.signer());
  });

  test("keeps the caller of a token until anything changes, or the token ends", async () => {
    const { rows, memory } = openRows();
    const { stored } = await makeKey("k1");
    rows.keys = [{ id: "k1", jwk: stored, createdAt: 1 }];
    await memory.refresh();
    const identity = identityOf(ann);
    if (identity === null) throw new Error("ann is disabled");
    const caller: Admitted = { identity, rights: nothing };
    /** A new token of ann's, which was just looked at. */
    const seen = async () => {
      const bearers = await memory.signer();
      const text = await bearers.sign({
        who: "user",
        name: "ann",
        stamp: "1",
        origin: null,
        scopes: [],
      });
      await bearers.verify(text);
      await memory.user("ann");
      return text;
    };

    const first = await seen();
    memory.keepCaller(first, caller, memory.revision);
    expect(memory.caller(first)).toBe(caller);
    expect(memory.caller(`${first}x`)).toBeNull();
    rows.now += 301_000;
    expect(memory.caller(first)).toBeNull();

    const second = await seen();
    memory.keepCaller(second, caller, memory.revision);
    rows.revision += 1;
    await memory.refresh();
    expect(memory.caller(second)).toBeNull();

    // Found before a change, and kept after it.
    const { revision } = memory;
    rows.revision += 1;
    await memory.refresh();
    const third = await seen();
    memory.keepCaller(third, caller, revision);
    expect(memory.caller(third)).toBeNull();
  });
});
