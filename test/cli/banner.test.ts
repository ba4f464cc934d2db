import { describe, expect, test } from "bun:test";
import { banner } from "../../src/cli/banner.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { SettingKey } from "../../src/config/settings.ts";
import { version } from "../../src/version.ts";

async function bannerFor(
  env: Record<string, string>,
  flags: Partial<Record<SettingKey, string>> = {},
): Promise<string> {
  const loaded = await loadConfig({ flags, env, directory: import.meta.dir });
  return banner({ loaded, urls: ["http://localhost:5000"], readyMs: 60.7, free: 412e9 });
}

describe("banner", () => {
  test("on a server that listens on localhost only shows addresses, data and configuration, and no warning", async () => {
    expect(await bannerFor({})).toBe(
      `
  ${`Breadbox ${version}`.padEnd(52)}ready in 61 ms

  Registry    http://localhost:5000                   docker push localhost:5000/…
  Explorer    http://localhost:5000/swagger
  Data        ./breadbox-data (412 GB free)
  Config      built-in defaults

  Ctrl+C stops after running transfers finish.
`,
    );
  });

  test("without the explorer has no line for it", async () => {
    expect(await bannerFor({ BREADBOX_SWAGGER_ENABLED: "no" })).not.toContain("swagger\n");
  });

  test("on a server that other machines can reach warns about plain HTTP and pushes without login", async () => {
    const text = await bannerFor({}, { "http.listen": ":5000" });

    expect(text).toContain("! Anyone who can reach this address can push");
    expect(text).toContain("! Plain HTTP");
    expect(text).toContain("Config      --listen\n");
  });

  test("with TLS names the clients' next step, and does not warn about plain HTTP", async () => {
    const text = await bannerFor({}, { "http.listen": ":5000", "http.tls.selfSigned": "on" });

    expect(text).toContain(
      "Clients     trust this server after: breadbox trust-ca localhost:5000\n",
    );
    expect(text).toContain("! Anyone who can reach this address can push");
    expect(text).not.toContain("Plain HTTP");
  });

  test("shows the notices of the configuration", async () => {
    const text = await bannerFor({ BREADBOX_ZEBRA: "1", REGISTRY_HTTP_SECRET: "x" });

    expect(text).toContain("! BREADBOX_ZEBRA is set, but no setting has that name.");
    expect(text).toContain("- not used by Breadbox: REGISTRY_HTTP_SECRET");
  });
});
