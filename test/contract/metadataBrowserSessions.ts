// Contract of browsers' logins.
import { describe, expect, test } from "bun:test";
import type { StoredBrowserSession } from "../../src/metadata/browserSessions.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import { now } from "./metadataRows.ts";

const session = (hash: string, changes: Partial<StoredBrowserSession> = {}) => ({
  ...{ hash, who: "user:ann", stamp: "s1", createdAt: now, lastUsedAt: now },
  ...{ expiresAt: now + 1_000, ...changes },
});
const by = { who: "user:ann", address: "10.0.0.7", requestId: "r1", at: now + 5 };

/** Part of `metadataContract`. */
export function browserSessionsContract(open: () => Promise<Metadata>): void {
  describe("browser sessions", () => {
    const left = async ({ browserSessions }: Metadata, ...hashes: readonly string[]) => {
      const found = await Promise.all(hashes.map((hash) => browserSessions.findSession(hash)));
      return hashes.filter((_, index) => found[index] !== null);
    };
    const logouts = async ({ audit }: Metadata) => {
      const page = { after: null, limit: 10, since: null, who: null, resource: "user:ann" };
      return (await audit.listEntries(page)).entries;
    };

    test("are found as they were added, by their hash alone", async () => {
      const { browserSessions } = await open();
      await browserSessions.addSession(session("a"), 10);

      expect(await browserSessions.findSession("a")).toEqual(session("a"));
      expect(await browserSessions.findSession("A")).toBeNull();
    });

    test("a login is kept although the clock was set back since as many others as are kept", async () => {
      const metadata = await open();
      const { browserSessions } = metadata;
      const later = { createdAt: now + 500, lastUsedAt: now + 500 };
      for (const hash of ["a", "b"]) await browserSessions.addSession(session(hash, later), 2);

      await browserSessions.addSession(session("c"), 2);

      expect(await browserSessions.findSession("c")).not.toBeNull();
      expect(await left(metadata, "a", "b")).toHaveLength(1);
    });

    test("a use is noted, and an earlier one changes nothing", async () => {
      const { browserSessions } = await open();
      await browserSessions.addSession(session("a"), 10);
      await browserSessions.noteSession("a", now + 9);
      await browserSessions.noteSession("a", now + 3);

      expect((await browserSessions.findSession("a"))?.lastUsedAt).toBe(now + 9);
    });

    test("one ends alone and is written down; the second time there is nothing to end", async () => {
      const metadata = await open();
      await metadata.browserSessions.addSession(session("a"), 10);
      await metadata.browserSessions.addSession(session("b"), 10);

      expect(await metadata.browserSessions.endSession("a", by)).toBe(true);
      expect(await metadata.browserSessions.endSession("a", by)).toBe(false);

      expect(await left(metadata, "a", "b")).toEqual(["b"]);
      expect(await logouts(metadata)).toMatchObject([{ ...by, event: "logout", detail: null }]);
    });

    test("all of an account end at once, and those of others stay", async () => {
      const metadata = await open();
      const { browserSessions } = metadata;
      await browserSessions.addSession(session("a"), 10);
      await browserSessions.addSession(session("b"), 10);
      await browserSessions.addSession(session("c", { who: "user:anna" }), 10);

      expect(await browserSessions.endSessionsOf("user:ann", by)).toBe(2);
      expect(await browserSessions.endSessionsOf("user:ann", by)).toBe(0);

      expect(await left(metadata, "a", "b", "c")).toEqual(["c"]);
      expect(await logouts(metadata)).toMatchObject([{ event: "logout", detail: "everywhere" }]);
    });

    test("a login removes those that have expired, and the oldest ones beyond the most", async () => {
      const metadata = await open();
      const add = (row: StoredBrowserSession) => metadata.browserSessions.addSession(row, 2);
      await add(session("expired", { who: "user:bob", expiresAt: now + 7 }));
      await add(session("first"));
      await add(session("second", { createdAt: now + 1 }));
      await add(session("other", { who: "user:bob", createdAt: now + 6 }));
      await add(session("third", { createdAt: now + 7 }));

      const names = ["expired", "first", "second", "third", "other"];
      expect(await left(metadata, ...names)).toEqual(["second", "third", "other"]);
    });
  });
}
