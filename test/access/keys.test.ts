// A new key that signs bearer tokens ends nobody's session, unless that is asked for.
import { describe, expect, test } from "bun:test";
import { byServer } from "../../src/access/keys.ts";
import { basic, openClosed } from "../http/support/accessRoom.ts";

const day = 24 * 3_600_000;
const scope = "repository:lab/app:pull";

/** A server, and bearer tokens of it. */
async function openTokens() {
  const room = await openClosed();
  const { clock, rooms } = room.registry.store;
  return {
    room,
    clock,
    keys: async () => (await rooms.metadata.access.listKeys()).map(({ id }) => id),
    issue: () => room.bearer(basic("root"), scope),
    status: (who: string) => room.status("GET", "/v2/lab/app/tags/list", who),
    [Symbol.asyncDispose]: () => room[Symbol.asyncDispose](),
  };
}

/** Of a repository that is not there: who has to log in never hears that. */
const letIn = 404;

describe("the key that signs tokens", () => {
  test("is replaced by a running server when it is 90 days old, and not before", async () => {
    await using tokens = await openTokens();
    const { access } = tokens.room.registry;
    const [first] = await tokens.keys();

    tokens.clock.advance(89 * day);
    expect(await access.renewKey()).toBeNull();
    tokens.clock.advance(day);
    const next = await access.renewKey();

    expect(next?.isFirst).toBe(false);
    expect(await tokens.keys()).toEqual([next?.id ?? "", first ?? ""]);
    expect(await access.renewKey()).toBeNull();
  });

  test("that is rotated by a command signs at once, and older tokens are accepted", async () => {
    await using tokens = await openTokens();
    const before = await tokens.issue();

    await tokens.room.accounts.rotateKey(false);
    const after = await tokens.issue();

    expect(await tokens.status(before)).toBe(letIn);
    expect(await tokens.status(after)).toBe(letIn);
    const kid = (bearer: string) =>
      JSON.parse(Buffer.from(bearer.slice(7).split(".")[0] ?? "", "base64url").toString())["kid"];
    expect([kid(after), kid(before)]).toEqual(await tokens.keys());
  });

  test("that is rotated to void what was issued voids it", async () => {
    await using tokens = await openTokens();
    const before = await tokens.issue();

    await tokens.room.accounts.rotateKey(true);

    expect(await tokens.status(before)).toBe(401);
    expect(await tokens.status(await tokens.issue())).toBe(letIn);
    expect(await tokens.keys()).toHaveLength(1);
  });

  test("that is rotated after the clock was set back signs at once, and is the one that stays", async () => {
    await using tokens = await openTokens();
    const [first = ""] = await tokens.keys();
    const { access } = tokens.room.registry.store.rooms.metadata;
    const [key] = await access.listKeys();
    if (key === undefined) throw new Error("there is no key");
    const ahead = { ...key, id: Bun.randomUUIDv7("hex", Date.now() + 365 * day) };
    await access.addKey(ahead, { previous: first, kept: 2 }, byServer);
    const before = await tokens.issue();

    const id = await tokens.room.accounts.rotateKey(true);

    expect(await tokens.keys()).toEqual([id ?? ""]);
    expect(await tokens.status(before)).toBe(401);
    expect(await tokens.status(await tokens.issue())).toBe(letIn);
  });

  test("is written down with who rotated it", async () => {
    await using tokens = await openTokens();

    const id = await tokens.room.accounts.rotateKey(false);

    const { entries } = await tokens.room.registry.store.rooms.metadata.audit.listEntries({
      ...{ since: null, who: null, resource: null, after: null, limit: 1 },
    });
    expect(entries[0]).toMatchObject({
      event: "key.rotate",
      who: "command:test",
      resource: `key:${id}`,
    });
  });
});
