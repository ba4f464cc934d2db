// Pages of what somebody pushed in order to break them.
import { expect, test } from "bun:test";
import { openRegistry } from "../http/support/registry.ts";
import { openHtml } from "./support/html.ts";
import { pushBuilt } from "./support/push.ts";

test("what somebody pushed cannot make a page large", async () => {
  await using registry = await openRegistry();
  const long = "x".repeat(200_000);
  const many = Array.from({ length: 2_000 }, (_, at) => `N${at}=${"y".repeat(50)}`);
  const config = { Env: many, Cmd: [long], Labels: { a: long }, User: long };
  for (const [tag, env] of [
    ["1", many],
    ["2", []],
  ] as const) {
    await pushBuilt({ url: registry.url }, "team/large", {
      tag,
      steps: [{ command: long, bytes: new Uint8Array([7]) }],
      config: { ...config, Env: env },
    });
  }

  const page = await openHtml(`${registry.url}/repositories/team/large/-/images/1`);
  expect(page.html.length).toBeLessThan(50_000);
  expect(page.texts("main").join()).toContain("and 1900 more");
  const path = "/repositories/team/large/-/comparison?reference=1&reference=2";
  expect((await openHtml(`${registry.url}${path}`)).html.length).toBeLessThan(50_000);
});
