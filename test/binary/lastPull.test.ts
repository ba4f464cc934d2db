// The last pull of an image as people ask for it: the server writes it down now and then, and before it stops.
import { expect, test } from "bun:test";
import { pushImage } from "../http/support/image.ts";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test("the last pull of an image is known after the server has stopped; a read-only server notes none", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const breadbox = async (...args: readonly string[]) =>
    (await run([await breadboxBinary(), ...args, "--data", server.data])).output;
  const pulledAt = async () =>
    JSON.parse(await breadbox("tags", "team/app", "--json")).tags[0].pulled_at;
  await pushImage(server.url, { name: "team/app", tag: "1.0" });
  const pull = async (url: string) =>
    (await fetch(`${url}/v2/team/app/manifests/1.0`)).arrayBuffer();

  expect(await breadbox("show", "team/app:1.0")).toMatch(/^Pulled +never$/m);
  await pull(server.url);
  expect(await server.stop()).toBe(0);
  const first = await pulledAt();
  expect(Date.now() - Date.parse(first)).toBeLessThan(60_000);
  expect(await breadbox("ls")).toMatch(/^team\/app +1 +0 .* \d+s +\d+s$/m);

  const { data, port } = server;
  const env = { BREADBOX_REGISTRY_READ_ONLY: "true" };
  const again = await startBreadbox(scope, { data, port, env });
  await pull(again.url);
  expect(await again.stop()).toBe(0);
  expect(await pulledAt()).toBe(first);
});
