// What identifying a caller asks of the rows, and what is written down of a login that failed.
import { expect, test } from "bun:test";
import { Access } from "../../src/access/access.ts";
import type { AccessDeps } from "../../src/access/deps.ts";

const nobody = async () => null;

/** Access over rows of nobody, which counts what it asks for. */
function openEmpty() {
  const asked: string[] = [];
  const noted: unknown[] = [];
  const state = async () => ({ revision: 1, closed: true });
  const deps: AccessDeps = {
    metadata: {
      ...{ findState: state, confirmState: state, findTokenByName: nobody },
      countUsers: async () => 0,
      findUser: async (name) => {
        asked.push(`user ${name}`);
        return null;
      },
      findToken: async () => {
        asked.push("token");
        return null;
      },
      ...{ listRulesOf: async () => [], noteUse: async () => {} },
      ...{ listKeys: async () => [], addKey: async () => true },
    },
    trust: {
      ...{ listTrustOf: async () => [], findTrust: nobody, listTrust: async () => [] },
      ...{ bindTrust: nobody, noteUse: async () => {} },
      ...{ addTrust: async () => true, removeTrust: async () => true },
    },
    ...{ mode: "required", isLoopback: false, htpasswd: null },
    ...{ clock: () => 1, now: () => 1, newId: () => "id" },
    trail: { note: (event, { who }) => noted.push([event, who]) },
    onWorkload: () => {},
  };
  return { asked, noted, access: new Access(deps) };
}

const caller = { address: "192.0.2.1", requestId: "1", audiences: () => [] };

test("an unknown name is looked up once, and its failed login is written down without it", async () => {
  const { asked, noted, access } = openEmpty();
  await access.isOpen();

  const found = await access.identify({ kind: "basic", name: "eve", password: "guess" }, caller);

  expect(found).toBeNull();
  expect(asked).toEqual(["user eve"]);
  expect(noted).toEqual([["login.failed", null]]);
});
