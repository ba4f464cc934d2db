// Requests that keep nothing: logins, refusals, and what is made and ended at once.
import { digestOf } from "../../src/model/digest.ts";
import { administrator } from "../gc/race/accounts.ts";
import { basic } from "../http/support/accessRoom.ts";
import { bytes, configType, ociImage } from "../registry/builders.ts";
import type { Send } from "./server.ts";

const repository = "/v2/team/app";
const config = new TextEncoder().encode("{}");
const manifest = bytes({
  ...{ schemaVersion: 2, mediaType: ociImage, layers: [] },
  config: { mediaType: configType, digest: digestOf(config), size: config.byteLength },
});
const typed = { authorization: administrator, "content-type": ociImage };

/** Pushes what they name. */
export async function prepareSmall(send: Send): Promise<void> {
  const upload = `${repository}/blobs/uploads/?digest=${digestOf(config)}`;
  await send(201, "POST", upload, { headers: { authorization: administrator }, body: config });
  await send(201, "PUT", `${repository}/manifests/kept`, { headers: typed, body: manifest });
}

/** All of them. `at` is another number each time. */
export const smallKinds: Readonly<Record<string, (send: Send, at: number) => Promise<unknown>>> = {
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
