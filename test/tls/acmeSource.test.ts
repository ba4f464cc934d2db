// Certificates of a public CA: when they are ordered, what is used meanwhile, and what happens to failures. The CA is played by the test.
import { describe, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acmeSource } from "../../src/tls/acmeSource.ts";
import type { Pair } from "../../src/tls/authority.ts";
import { issue } from "../support/certificates.ts";
import { tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const day = 24 * 60 * 60 * 1000;
const host = "registry.example.com";

/** A CA that signs for 90 days, or objects. */
function room(data: string, hosts: readonly string[] = [host]) {
  const state = { now: Date.UTC(2027, 0, 1), objection: "", orders: 0, open: Promise.resolve() };
  const failures: { reason: string; inMs: number }[] = [];
  const source = () =>
    acmeSource({
      data,
      request: { directory: "https://ca.example/dir", email: "", hosts },
      clock: () => state.now,
      answerChallenges: () => ({ stop: async () => {} }),
      readClientCa: () => null,
      clientCa: "",
      onOrder: () => {},
      onFailure: (reason, nextAt) => failures.push({ reason, inMs: nextAt - state.now }),
      order: async (request): Promise<Pair> => {
        state.orders += 1;
        await state.open;
        if (state.objection !== "") throw new Error(state.objection);
        return (await issue([...request.hosts], state.now)).pair;
      },
    });
  return { state, failures, source };
}

/** Looks until an order has ended. */
async function settle(look: () => Promise<unknown>, isOver: () => boolean): Promise<void> {
  await waitFor("the end of an order", async () => {
    await look();
    return isOver();
  });
}

describe("a certificate of a public CA", () => {
  test("is ordered in the background: until then there is one that nobody signed", async () => {
    await using scope = new Scope();
    const { state, source } = room(tempFolder(scope, "data"));
    const { look, authority } = await source();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.open = promise;

    const standIn = await look();
    expect([standIn.names, authority]).toEqual([[host], null]);
    expect((await look()).fingerprint).toBe(standIn.fingerprint);
    resolve();
    await waitFor(
      "the ordered one",
      async () => (await look()).fingerprint !== standIn.fingerprint,
    );

    const ordered = await look();
    expect(ordered.names).toEqual([host]);
    expect(await look()).toBe(ordered);
    expect(state.orders).toBe(1);
  });

  test("is kept for the next start, its owner's only", async () => {
    await using scope = new Scope();
    const data = tempFolder(scope, "data");
    const first = room(data);
    const { look } = await first.source();
    await settle(look, () => first.state.orders === 1);
    await waitFor("the file", () => existsSync(join(data, "tls", "acme.pem")));
    const ordered = await look();

    const second = room(data);
    const again = await second.source();
    expect((await again.look()).material).toEqual(ordered.material);
    expect(second.state.orders).toBe(0);
    expect(statSync(join(data, "tls", "acme.pem")).mode & 0o777).toBe(0o600);

    writeFileSync(join(data, "tls", "acme.pem"), "damaged");
    const third = room(data);
    await (await third.source()).look();
    expect(third.state.orders).toBe(1);
  });

  test("is ordered again in its last third, and for a further host, and used meanwhile", async () => {
    await using scope = new Scope();
    const data = tempFolder(scope, "data");
    const { state, source } = room(data);
    const { look } = await source();
    await settle(look, () => state.orders === 1);
    await waitFor("the file", () => existsSync(join(data, "tls", "acme.pem")));
    const first = await look();

    state.now += 58 * day;
    await look();
    expect(state.orders).toBe(1);
    state.now += 4 * day;
    expect(await look()).toBe(first);
    expect(state.orders).toBe(2);

    const wider = room(data, [host, "other.example.com"]);
    await (await wider.source()).look();
    expect(wider.state.orders).toBe(1);
  });

  test("that the CA refuses is asked for again after 2, 10 and 60 minutes, and each failure is reported", async () => {
    await using scope = new Scope();
    const { state, failures, source } = room(tempFolder(scope, "data"));
    state.objection = "registry.example.com: connection refused";
    const { look } = await source();

    for (const minutes of [2, 10, 60, 60]) {
      const before = failures.length;
      await settle(look, () => failures.length === before + 1);
      expect(failures.at(-1)).toEqual({ reason: state.objection, inMs: minutes * 60_000 });
      state.now += minutes * 60_000 - 1;
      await look();
      expect(failures).toHaveLength(before + 1);
      state.now += 1;
    }
    state.objection = "";
    const orders = state.orders;
    await settle(look, () => state.orders === orders + 1);
  });
});
