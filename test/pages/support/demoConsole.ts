// What the pages for operators have to show: users, tokens, rules, an issuer, uploads that are open, and collections that have ended.
import { type GcCounts, noCounts } from "../../../src/metadata/gcRuns.ts";
import { parseRepositoryName } from "../../../src/model/names.ts";
import { appendChunk, startUpload } from "../../../src/uploads/uploads.ts";
import { basic, type Closed, password } from "../../http/support/accessRoom.ts";
import { noise } from "../../support/store.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** Fills them. */
export async function fillConsole(room: Closed): Promise<void> {
  await addAccounts(room);
  await addCollections(room);
  await openUploads(room);
}

async function addAccounts({ accounts, ask }: Closed): Promise<void> {
  await accounts.addUser("reader", { password, isAdmin: false });
  for (const pattern of ["**", "bucket:**"]) {
    await accounts.addRule({ who: "reader", effect: "allow", pattern, actions: "pull" });
  }
  await accounts.addRule({
    ...{ who: "reader", effect: "deny", pattern: "team/secret/**", actions: "pull" },
  });
  await accounts.createToken("nightly-build", {
    grants: [{ pattern: "team/**", actions: "pull,push,overwrite" }],
    lastsMs: 90 * day,
  });
  await accounts.createToken("k3s-cluster", {
    grants: [{ pattern: "**", actions: "pull" }],
    lastsMs: 365 * day,
  });
  const trust = new URLSearchParams({
    ...{ kind: "github", place: "acme/api", pattern: "team/**", action: "push", id: "7" },
  });
  const answer = await ask("POST", "/access/trust", basic("root"), { body: trust });
  if (!answer.ok) throw new Error(await answer.text());
}

async function addCollections({ registry }: Closed): Promise<void> {
  const { gcRuns, store } = registry;
  const end = async (counts: Partial<GcCounts>): Promise<void> => {
    const [run] = (await gcRuns.list({ after: null, limit: 1 })).runs;
    store.clock.advance(1_400);
    const finishedAt = store.clock.now();
    await store.rooms.metadata.gcRuns.endRun(run?.id ?? "", {
      ...{ state: "done", counts: { ...noCounts, ...counts }, reason: null, finishedAt },
    });
    await gcRuns.ended();
  };
  const found = { totalBlobs: 61, orphanedBlobs: 4, orphanedBytes: 12_900_000 };
  await gcRuns.runScheduled();
  await end({ ...found, deletedBlobs: 4, deletedBytes: 12_900_000 });
  store.clock.advance(20 * hour);
  await gcRuns.request({ dryRun: true });
  await end({ ...found, orphanedBlobs: 2, orphanedBytes: 3_100_000 });
  store.clock.advance(4 * 60_000);
}

async function openUploads({ registry }: Closed): Promise<void> {
  const { uploads } = registry.store.rooms;
  for (const [name, size] of [
    ["team/api", 48_000],
    ["team/web", 3_000],
  ] as const) {
    const repository = parseRepositoryName(name);
    const { id } = await startUpload(uploads, repository);
    const chunk = { body: new Blob([noise(size)]).stream(), length: size, start: null, end: null };
    await appendChunk(uploads, { id, repository, chunk });
  }
}
