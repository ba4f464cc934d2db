// Webhooks as settings: what a list may hold, what it is refused for, and what is never printed.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readServed, writeServed } from "../../src/config/served.ts";
import { configYaml } from "../../src/config/show.ts";
import { storeOf } from "../../src/config/store.ts";
import { webhookList, withSecrets } from "../../src/config/webhooks.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

const secret = "a-secret-of-some-length";
const file = `
webhooks:
  - name: deploy
    url: https://ci.example.com/hooks?token=in-the-query
    events: [push, tag.move]
    repositories: ["team/**"]
    secret: ${secret}
    headers:
      Authorization: Bearer in-a-header
    timeout: 5s
  - name: old
    url: http://10.0.0.8:8080/
    format: distribution
    ignored_media_types: [application/octet-stream]
`;

beforeEach(async () => void (await openRoom()));
afterEach(closeRoom);

describe("a list of webhooks", () => {
  test("in the file has one section for each", async () => {
    const { config } = await load({ yaml: file });
    expect(config.webhooks).toEqual([
      {
        name: "deploy",
        url: "https://ci.example.com/hooks?token=in-the-query",
        topics: ["push", "tag.move"],
        format: "cloudevents",
        repositories: ["team/**"],
        ...{ secret, secretFile: "" },
        headers: { Authorization: "Bearer in-a-header" },
        timeoutMs: 5_000,
        ignoredMediaTypes: [],
      },
      {
        name: "old",
        url: "http://10.0.0.8:8080/",
        topics: ["push", "delete"],
        format: "distribution",
        repositories: ["**"],
        ...{ secret: "", secretFile: "", headers: {} },
        timeoutMs: 10_000,
        ignoredMediaTypes: ["application/octet-stream"],
      },
    ]);
    expect(storeOf(config).hooks).toEqual([
      { name: "deploy", topics: ["push", "tag.move"], repositories: ["team/**"] },
      { name: "old", topics: ["push", "delete"], repositories: ["**"] },
    ]);
  });

  test("in a variable is the same as JSON", async () => {
    const text = JSON.stringify([{ name: "a", url: "https://a.example.com" }]);
    const { config } = await load({ env: { BREADBOX_WEBHOOKS: text } });
    expect(config.webhooks).toMatchObject([{ name: "a", topics: ["push", "tag.move", "delete"] }]);
  });

  test("shows neither secrets nor headers nor queries of URLs, and stays usable", async () => {
    await using scope = new Scope();
    const data = tempFolder(scope, "data");
    const loaded = await load({ yaml: `data: ${data}\n${file}` });
    writeServed(loaded.config, "1.1.1");
    const printed = [configYaml(loaded, true), readServed(data)?.settings.get("webhooks") ?? ""];

    for (const text of printed) {
      expect(text).toContain("deploy");
      for (const hidden of [secret, "in-the-query", "in-a-header"]) {
        expect(text).not.toContain(hidden);
      }
    }
    const again = webhookList.parse(printed[1] ?? "");
    expect(again.map(({ name, topics }) => [name, topics])).toEqual([
      ["deploy", ["push", "tag.move"]],
      ["old", ["push", "delete"]],
    ]);
    expect(String(webhookList.show(again))).toBe(printed[1] ?? "");
  });

  test("reads secrets from files at the start, and names the one that cannot be read", async () => {
    await using scope = new Scope();
    const path = join(tempFolder(scope, "secrets"), "hook");
    const list = (secretFile: string) =>
      webhookList.parse(JSON.stringify([{ name: "a", url: "https://a.example.com", secretFile }]));
    expect(() => withSecrets(list(path))).toThrow(`${path} of a does not exist.`);
    await Bun.write(path, "short\n");
    expect(() => withSecrets(list(path))).toThrow("less than 16 characters");
    await Bun.write(path, `${secret}\n`);
    expect(withSecrets(list(path))).toMatchObject([{ name: "a", secret }]);
  });
});

describe("a webhook is refused", () => {
  const good = { name: "deploy", url: "https://ci.example.com/" };
  test.each([
    ["for no name", { url: good.url }, "webhook entry 1: its name must be"],
    ["for a URL of another kind", { ...good, url: "ftp://a/" }, "its url must begin with https://"],
    ["for a login in its URL", { ...good, url: "https://u:p@a/" }, "its url holds a login"],
    ["for a key that it does not have", { ...good, evnets: [] }, 'Did you mean "events"?'],
    ["for an event that there is not", { ...good, events: ["pull"] }, 'and not "pull"'],
    [
      "for an event that its format has no words for",
      { ...good, format: "distribution", events: ["collection"] },
      "its events may be push, delete",
    ],
    ["for a short secret", { ...good, secret: "short" }, "has less than 16 characters"],
    ["for two secrets", { ...good, secret, secretFile: "/run/s" }, "Keep one of the two"],
    ["for a timeout", { ...good, timeout: "2h" }, "its timeout is more than the largest allowed"],
    ["for a header of ours", { ...good, headers: { "Webhook-Id": "1" } }, "header Webhook-Id"],
    ["for a header with a line break", { ...good, headers: { a: "b\r\nc: d" } }, "its header a"],
  ])("%s", async (_, hook, message) => {
    const [problem] = await problemsOf({ env: { BREADBOX_WEBHOOKS: JSON.stringify([hook]) } });
    expect(problem).toContain(message);
    expect(problem).not.toContain(secret);
  });

  test("for the name of another one", async () => {
    const twice = JSON.stringify([good, good]);
    const [problem] = await problemsOf({ env: { BREADBOX_WEBHOOKS: twice } });
    expect(problem).toContain("two webhooks called deploy");
  });

  test("with the place in the file, and without its secrets", async () => {
    const [problem] = await problemsOf({ yaml: file.replace("5s", "never") });
    expect(problem).toStartWith("breadbox.yml:3:3  webhooks: the value cannot be used");
    expect(problem).toContain("webhook deploy: its timeout is not a duration");
    expect(problem).not.toContain(secret);
  });
});
