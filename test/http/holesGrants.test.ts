// Holes that other registries had, of rights that have ended. Each test names its class.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Access } from "../../src/access/access.ts";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";

let room: Closed;
beforeAll(async () => {
  room = await openClosed();
});
afterAll(() => room[Symbol.asyncDispose]());

describe("stale grants (CVE-2025-23208, CVE-2026-58440)", () => {
  const pull = "/v2/lab/app/tags/list";

  test("a token that was revoked is refused, and so is what was issued to it", async () => {
    const who = await room.token("brief", "lab/**:pull");
    const bearer = await room.bearer(who, "repository:lab/app:pull");
    expect([await room.status("GET", pull, who), await room.status("GET", pull, bearer)]).toEqual([
      404, 404,
    ]);

    await room.accounts.revokeToken("brief");
    expect([await room.status("GET", pull, who), await room.status("GET", pull, bearer)]).toEqual([
      401, 401,
    ]);
  });

  test("a token that has expired is refused, and the test of a rule says so", async () => {
    const who = await room.token("short", "lab/**:pull");
    const explain = () =>
      room.accounts.explain({ who: "token:short", action: "pull", what: "lab/app" });
    expect((await explain()).isAllowed).toBe(true);
    room.registry.store.clock.advance(3_600_000);

    expect(await room.status("GET", pull, who)).toBe(401);
    expect(await explain()).toMatchObject({ isAllowed: false, why: "short has expired" });
  });

  test("what was issued to a user who was disabled stays void when the user is enabled again", async () => {
    await room.accounts.addUser("dan", { password, isAdmin: true });
    const bearer = await room.bearer(basic("dan"), "repository:lab/app:pull");
    const offline = await room.ask("GET", "/v2/token?offline_token=true", basic("dan"));
    const { refresh_token } = Object(await offline.json());

    await room.accounts.disableUser("dan", true);
    expect(await room.status("GET", "/v2/", basic("dan"))).toBe(401);
    expect(await room.status("GET", pull, bearer)).toBe(401);
    await room.accounts.disableUser("dan", false);

    expect(await room.status("GET", "/v2/", basic("dan"))).toBe(200);
    expect(await room.status("GET", pull, bearer)).toBe(401);
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token });
    expect(await room.status("POST", "/v2/token", null, { body })).toBe(401);
  });

  test("tokens outlive a restart and one new key, and no second one", async () => {
    const { metadata } = room.registry.store.rooms;
    const bearer = await room.bearer(basic("root"), "repository:lab/app:pull");
    const restarted = new Access({
      ...{ metadata: metadata.access, mode: "auto", isLoopback: true, htpasswd: null },
      ...{ clock: room.registry.store.clock.now, now: room.registry.store.clock.now },
      ...{ trust: metadata.trust, onWorkload: () => {} },
      newId: () => Bun.randomUUIDv7(),
      trail: { note: () => {} },
    });
    await restarted.renewKey();
    const nowhere = { address: null, requestId: null };
    const credentials = { kind: "bearer", token: bearer.slice("Bearer ".length) } as const;
    const caller = { ...nowhere, audiences: () => [] };
    expect((await restarted.identify(credentials, caller))?.principal).toMatchObject({
      name: "root",
    });

    const rotate = () => room.accounts.rotateKey(false);
    await rotate();
    expect(await room.status("GET", pull, bearer)).toBe(404);
    await rotate();
    expect(await room.status("GET", pull, bearer)).toBe(401);
  });
});
