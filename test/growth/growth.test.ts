// What requests leave in memory: counted in objects of the server's own thread after its garbage was collected, which no allocator and no
// other program of the machine moves.
import { expect } from "bun:test";
import { each } from "../../src/import/each.ts";
import { digestOf } from "../../src/model/digest.ts";
import { administrator } from "../gc/race/accounts.ts";
import { basic } from "../http/support/accessRoom.ts";
import { bytes, configType, ociImage } from "../registry/builders.ts";
import { clientTest } from "../support/clientTest.ts";
import { type GrowingServer, type Heap, type Send, startGrowing } from "./server.ts";

/** Requests at a time, those that warm up, and those that count. */
const [lanes, first, counted] = [8, 600, 2_000];
/** Objects for each request. What stays is one at least; compiled functions come now and then, a few hundred in all. */
const least = 0.5;
const repository = "/v2/team/app";
const config = new TextEncoder().encode("{}");
const manifest = bytes({
  ...{ schemaVersion: 2, mediaType: ociImage, layers: [] },
  config: { mediaType: configType, digest: digestOf(config), size: config.byteLength },
});
const typed = { authorization: administrator, "content-type": ociImage };

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

/** What is done over and over; `at` is another number each time. */
const kinds: Readonly<Record<string, (send: Send, at: number) => Promise<unknown>>> = {
  "logins with a password": (send) => send(200, "GET", "/v2/"),
  "requests without a login": (send) => send(401, "GET", "/v2/", { headers: {} }),
  "requests for what is not there": (send, at) =>
    send(404, "GET", `/v2/none/repository-${at}/manifests/tag-${at}`),
  "manifests that are refused": (send, at) =>
    send(400, "PUT", `${repository}/manifests/bad`, { headers: typed, body: `{"n":${at}` }),
  "tags that are pushed and deleted": async (send, at) => {
    const path = `${repository}/manifests/tag-${at}`;
    await send(201, "PUT", path, { headers: typed, body: manifest });
    await send(202, "DELETE", path);
  },
  "upload sessions that are cancelled": async (send) => {
    const begun = await send(202, "POST", `${repository}/blobs/uploads/`);
    await send(204, "DELETE", begun.headers.get("location") ?? "");
  },
  "tokens that are used and revoked": async (send, at) => {
    const grants = [{ pattern: "team/app", actions: ["pull"] }];
    const body = JSON.stringify({ name: `token-${at}`, grants });
    await send(201, "POST", "/v1/tokens", { headers: { authorization: administrator }, body });
    await send(204, "DELETE", `/v1/tokens/token-${at}`);
    const headers = { authorization: basic("token", `revoked-${at % 10}`) };
    await send([401, 429], "GET", "/v2/", { headers });
  },
};

clientTest(
  "thousands of requests of any kind leave nothing in memory",
  { commands: [], timeoutMs: 240_000 },
  async (scope) => {
    const server = await startGrowing(scope);
    const { send } = server;
    const upload = `${repository}/blobs/uploads/?digest=${digestOf(config)}`;
    const headers = { authorization: administrator };
    await send(201, "POST", upload, { headers, body: config });
    await send(201, "PUT", `${repository}/manifests/kept`, { headers: typed, body: manifest });

    const grown: Record<string, string> = {};
    for (const [kind, act] of Object.entries(kinds)) {
      await each(upTo(first), lanes, (at) => act(send, at));
      const before = await server.look();
      await each(upTo(counted), lanes, (at) => act(send, first + at));
      const after = await settled(server, before);
      const left = (after.objectCount - before.objectCount) / counted;
      if (left > least) grown[kind] = `${left} objects each: ${differing(before, after)}`;
    }

    expect(grown).toEqual({});
  },
);

/** What a request has just let go of may be held for a moment, by a timer or a worker's answer. */
async function settled(server: GrowingServer, before: Heap): Promise<Heap> {
  for (let looks = 0; ; looks += 1) {
    const after = await server.look();
    if (looks === 5 || after.objectCount - before.objectCount < counted / 20) return after;
    await Bun.sleep(300);
  }
}

/** The types that have grown most. */
function differing(before: Heap, after: Heap): string {
  const grown = Object.entries(after.objectTypeCounts).map(
    ([type, count]) => [type, count - (before.objectTypeCounts[type] ?? 0)] as const,
  );
  const most = grown.sort(([, a], [, b]) => b - a).slice(0, 5);
  return most.map(([type, count]) => `${type} +${count}`).join(", ");
}
