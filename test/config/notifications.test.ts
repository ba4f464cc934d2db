// distribution's notifications become webhooks, from variables and from a file.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadForeignFile } from "../../src/config/foreignFile.ts";
import { givenYaml } from "../../src/config/show.ts";
import { closeRoom, load, openRoom } from "./room.ts";

let directory = "";
beforeEach(async () => {
  directory = await openRoom();
});
afterEach(closeRoom);

/** The example of distribution's documentation, and one that uses everything else. */
const endpoints = `
- name: alistener
  url: https://mylistener.example.com/event
  headers:
    Authorization: [Bearer of-the-listener]
  timeout: 500ms
  threshold: 5
  backoff: 1s
- name: Only Deletions
  url: http://10.0.0.8/
  timeout: 5000000000
  ignoredmediatypes: [application/octet-stream]
  ignore:
    mediatypes: [application/vnd.oci.image.index.v1+json]
    actions: [pull, push]
- name: off
  disabled: true
  url: http://10.0.0.9/
- name: pulls
  url: http://10.0.0.10/
  ignore:
    actions: [push, delete]
`;
const both = [
  {
    name: "alistener",
    url: "https://mylistener.example.com/event",
    topics: ["push", "delete"],
    headers: { AUTHORIZATION: "Bearer of-the-listener" },
    timeoutMs: 500,
    ignoredMediaTypes: [],
  },
  {
    name: "only-deletions",
    url: "http://10.0.0.8/",
    topics: ["delete"],
    headers: {},
    timeoutMs: 5_000,
    ignoredMediaTypes: ["application/octet-stream", "application/vnd.oci.image.index.v1+json"],
  },
].map((hook) => ({
  ...{ format: "distribution", repositories: ["**"], secret: "", secretFile: "" },
  ...hook,
}));

describe("endpoints of distribution's notifications are webhooks", () => {
  test("from a variable that holds the list, with a word about what is not sent", async () => {
    const name = "REGISTRY_NOTIFICATIONS_ENDPOINTS";
    const { config, notices } = await load({ env: { [name]: endpoints } });
    expect<unknown>(config.webhooks).toEqual(both);
    expect(notices).toEqual([
      { level: "warn", message: expect.stringContaining("neither pulls nor mounts") },
    ]);
  });

  test("from a variable for each key", async () => {
    const { config, notices } = await load({
      env: {
        REGISTRY_NOTIFICATIONS_ENDPOINTS_0_NAME: "alistener",
        REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: "https://mylistener.example.com/event",
        REGISTRY_NOTIFICATIONS_ENDPOINTS_0_HEADERS_AUTHORIZATION_0: "Bearer of-the-listener",
        REGISTRY_NOTIFICATIONS_ENDPOINTS_0_TIMEOUT: "500ms",
        REGISTRY_NOTIFICATIONS_ENDPOINTS_0_BACKOFF: "1s",
      },
    });
    expect<unknown>(config.webhooks).toEqual(both.slice(0, 1));
    expect(notices.at(-1)?.message).toBe(
      "not used by Breadbox: REGISTRY_NOTIFICATIONS_ENDPOINTS_0_BACKOFF",
    );
  });

  test("from a file, which is printed as one of ours without the values of headers", async () => {
    const file = join(directory, "config.yml");
    const indented = endpoints.replaceAll("\n", "\n    ");
    await Bun.write(file, `version: 0.1\nnotifications:\n  endpoints:${indented}\n`);
    const loaded = await loadForeignFile(file);
    expect<unknown>(loaded.config.webhooks).toEqual(both);

    const yaml = givenYaml(loaded);
    expect(yaml).not.toContain("of-the-listener");
    const again = await load({ yaml });
    expect(again.config.webhooks.map(({ name, url, topics }) => [name, url, topics])).toEqual(
      loaded.config.webhooks.map(({ name, url, topics }) => [name, url, topics]),
    );
  });

  test("that their own setting replaces", async () => {
    const own = JSON.stringify([{ name: "own", url: "https://own.example.com" }]);
    const env = { REGISTRY_NOTIFICATIONS_ENDPOINTS: endpoints, BREADBOX_WEBHOOKS: own };
    expect((await load({ env })).config.webhooks.map(({ name }) => name)).toEqual(["own"]);
  });
});
