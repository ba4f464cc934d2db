// Everything that a server meets, for one that meets all of it at once: requests that are done, refused and cut, logins, and all that is scheduled.
import { administrator } from "../gc/race/accounts.ts";
import { basic } from "../http/support/accessRoom.ts";
import { cutKinds } from "./cuts.ts";
import { large, residentKinds } from "./kinds.ts";
import type { GrowingServer, Send } from "./server.ts";
import { prepareSmall, smallKinds } from "./small.ts";

/** One thing. `at` is another number each time. */
export type Act = (server: GrowingServer, at: number) => Promise<unknown>;

const password = "correct horse battery";

/** What is scheduled is done every minute or two, and what is left behind goes within a minute: the store keeps its size. */
export const mixedSettings = (backups: string): Readonly<Record<string, string>> => ({
  BREADBOX_BACKUP_TARGET: backups,
  BREADBOX_BACKUP_SCHEDULE: "* * * * *",
  BREADBOX_BACKUP_KEEP: "1d",
  BREADBOX_SCRUB_SCHEDULE: "*/2 * * * *",
  BREADBOX_GC_SCHEDULE: "* * * * *",
  BREADBOX_GC_MIN_AGE: "2s",
  BREADBOX_GC_BRAKE: "1",
  BREADBOX_GC_UNTAGGED_ENABLED: "true",
  BREADBOX_GC_UNTAGGED_OLDER_THAN: "5s",
  BREADBOX_STORAGE_UPLOAD_TIMEOUT: "30s",
  BREADBOX_STORAGE_CLEANUP_INTERVAL: "10s",
  BREADBOX_STORAGE_MULTIPART_MAX_UPLOAD_TTL_SECONDS: "30",
  BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
  BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "10",
  BREADBOX_HTTP_TRUSTED_PROXIES: "127.0.0.1",
});

const ownKinds: Readonly<Record<string, Act>> = {
  "a wrong password, from anywhere": ({ send }, at) => {
    const from = { "x-forwarded-for": `10.0.${at % 7}.${at % 250}` };
    const authorization = basic(`nobody-${at % 300}`, "wrong");
    return send([401, 429], "GET", "/v2/", { headers: { ...from, authorization } });
  },
  "a user's life": async ({ send }, at) => {
    const name = `user-${at}`;
    await send(201, "POST", "/v1/users", { body: JSON.stringify({ name, password }) });
    const from = { "x-forwarded-for": `10.9.0.${at % 250}` };
    await send(200, "GET", "/v2/", { headers: { ...from, authorization: basic(name, password) } });
    await send(204, "DELETE", `/v1/users/${name}`);
  },
  "a collection": ({ send }) => send([202, 409], "POST", "/v1/gc"),
  "the metrics": ({ send }) => send(200, "GET", "/metrics"),
  "a range that is not there": ({ send }) => {
    const headers = { authorization: administrator, range: "bytes=9999999-" };
    return send(416, "GET", `/v2/team/app/blobs/${large}`, { headers });
  },
};

const sending =
  (act: (send: Send, at: number) => Promise<unknown>): Act =>
  ({ send }, at) =>
    act(send, at);

/** How often each is done of a hundred times; what costs much, less often. */
const rare: Readonly<Record<string, number>> = {
  ...{ "GET of a blob of 4 MiB": 30, "a user's life": 5, "a collection": 2 },
};

const all: readonly (readonly [name: string, act: Act])[] = [
  ...Object.entries(residentKinds).map(([name, { act }]) => [name, sending(act)] as const),
  ...Object.entries(smallKinds).map(([name, act]) => [name, sending(act)] as const),
  ...Object.entries(cutKinds),
  ...Object.entries(ownKinds),
];

/** Pushes what they ask for. */
export async function prepareMixed(send: Send): Promise<void> {
  for (const { prepare } of Object.values(residentKinds)) await prepare?.(send);
  await prepareSmall(send);
}

/** Draws one of them. @param random in [0, 1) */
export function drawKind(random: () => number): readonly [name: string, act: Act] {
  for (;;) {
    const drawn = all[Math.floor(random() * all.length)];
    if (drawn !== undefined && random() * 100 < (rare[drawn[0]] ?? 100)) return drawn;
  }
}
