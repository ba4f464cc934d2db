// The compiled file in a real browser: what its explorer shows, whom it asks, what can be tried out; and what pages of others cannot do.
import { describe, expect } from "bun:test";
import { pushImage } from "../http/support/image.ts";
import { type OpenApiDocument, operationsOf } from "../http/support/openApi.ts";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import {
  chromium,
  openPage,
  press,
  textOf,
  untilShown,
  type WatchedPage,
} from "../support/browser.ts";
import { clientTest } from "../support/clientTest.ts";
import type { Scope } from "../support/scope.ts";

const needs = { commands: [chromium] };
const readManifest = "tag/manifests/GET/v2/{name}/manifests/{reference}";

/** Opens the explorer at `hash` and returns when its operations are there. */
async function explore(
  scope: Scope,
  { url }: RunningRegistry,
  hash = "",
): Promise<WatchedPage & { readonly policy: string }> {
  const watched = await openPage(scope);
  const answer = await watched.page.goto(`${url}/swagger#${hash}`);
  await untilShown(watched.page, "Push a manifest");
  await watched.page.waitForNetworkIdle();
  return { ...watched, policy: answer?.headers()["content-security-policy"] ?? "" };
}

describe("the explorer in a browser", () => {
  clientTest("shows every operation and asks nobody but its own server", needs, async (scope) => {
    const server = await startBreadbox(scope);
    const document: OpenApiDocument = JSON.parse(
      await (await fetch(`${server.url}/swagger/json`)).text(),
    );

    const { page, requests, complaints, policy } = await explore(scope, server);
    const text = await textOf(page);

    expect(await page.title()).toContain("Breadbox");
    for (const { summary } of operationsOf(document)) expect(text).toContain(summary);
    expect(text).toContain("How a push goes");
    expect(text).not.toMatch(/Ask AI|Generate MCP|Open API Client|Developer Tools|Deploy/);
    expect(policy).toContain("default-src 'none'");
    expect(new Set(requests.map((request) => new URL(request).origin))).toEqual(
      new Set([server.url]),
    );
    expect(requests.length).toBeGreaterThanOrEqual(4);
    expect(complaints).toEqual([]);
  });

  clientTest("follows the system's dark mode", needs, async (scope) => {
    const server = await startBreadbox(scope);
    const { page } = await openPage(scope);
    const schemes: unknown[] = [];
    for (const value of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      await page.goto(`${server.url}/swagger`);
      await untilShown(page, "Push a manifest");
      schemes.push(await page.evaluate("document.body.classList.contains('dark-mode')"));
    }

    expect(schemes).toEqual([false, true]);
  });

  clientTest("sends what is tried out for a nested name", needs, async (scope) => {
    const server = await startBreadbox(scope);
    const { layerDigest } = await pushImage(server.url, { name: "team/app", tag: "1.0" });
    const { page, requests, complaints } = await explore(scope, server, readManifest);

    await press(page, "Test Request(get /v2/{name}/manifests/{reference})");
    await press(page, "Send");
    await untilShown(page, layerDigest);

    expect(requests.at(-1)).toBe(`${server.url}/v2/team/app/manifests/1.0`);
    expect(complaints).toEqual([]);
  });

  clientTest("takes the escapes out of any request to the registry", needs, async (scope) => {
    const server = await startBreadbox(scope);
    const { manifest, digest } = await pushImage(server.url, { name: "team/app", tag: "1.0" });
    const { page } = await explore(scope, server);

    const escaped = `/v2/team%2Fapp/manifests/sha256%3A${digest.slice("sha256:".length)}`;
    const pulled = await page.evaluate(`fetch("${escaped}").then((answer) => answer.text())`);
    const pushed =
      await page.evaluate(`fetch(new Request("/v2/team%2fapp/manifests/2.0?tag=a%2Fb", {
      method: "PUT",
      headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
      body: ${JSON.stringify(manifest)},
    })).then((answer) => answer.json())`);
    const stored = await page.evaluate(`fetch(new Request("/v2/team%2fapp/manifests/2.0?tag=3.0", {
      method: "PUT",
      headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
      body: ${JSON.stringify(manifest)},
    })).then((answer) => answer.status)`);

    expect(pulled).toBe(manifest);
    // The query stays as it was: a tag has no slash.
    expect(JSON.stringify(pushed)).toContain("invalid tag");
    expect(stored).toBe(201);
    const tags = await (await fetch(`${server.url}/v2/team/app/tags/list`)).json();
    expect(tags).toEqual({ name: "team/app", tags: ["1.0", "2.0", "3.0"] });
  });
});

describe("another site's page in a browser", () => {
  clientTest("changes nothing here, though its request arrives", needs, async (scope) => {
    const server = await startBreadbox(scope);
    const site = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("a page") });
    scope.defer(() => site.stop(true));
    const runs = async () => (await fetch(`${server.url}/v1/gc/runs`)).json();
    const collect = (mode: string) =>
      `fetch("${server.url}/v1/gc", { method: "POST", mode: "${mode}" }).then((it) => it.type, String)`;
    const { page } = await openPage(scope);
    await page.goto(site.url.href);

    expect(await page.evaluate(collect("no-cors"))).toBe("opaque");
    expect(await page.evaluate(collect("cors"))).toBe("TypeError: Failed to fetch");
    expect(await runs()).toEqual({ runs: [], next: null });
    await page.goto(`${server.url}/swagger/json`);
    expect(await page.evaluate(collect("cors"))).toBe("basic");
    expect(await runs()).toMatchObject({ runs: [{ trigger: "api" }] });
  });
});
