import { describe, expect, test } from "bun:test";
import { banner } from "../../src/cli/banner.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { SettingKey } from "../../src/config/settings.ts";
import { version } from "../../src/version.ts";

async function bannerFor(
  env: Record<string, string>,
  flags: Partial<Record<SettingKey, string>> = {},
  door: "open" | "empty" | "closed" = "open",
  setupLink: string | null = null,
): Promise<string> {
  const loaded = await loadConfig({ flags, env, directory: import.meta.dir });
  const urls = ["http://localhost:5000"];
  return banner({ loaded, urls, readyMs: 60.7, door, setupLink, free: 412e9 });
}

describe("banner", () => {
  test("on a server that listens on localhost only shows addresses, data and configuration, and no warning", async () => {
    expect(await bannerFor({})).toBe(
      `
  ${`Breadbox ${version}`.padEnd(52)}ready in 61 ms

  Registry    http://localhost:5000
  Push        docker push localhost:5000/…
  Pages       http://localhost:5000/
  Explorer    http://localhost:5000/swagger
  Data        ./breadbox-data (412 GB free)
  Config      built-in defaults

  Ctrl+C stops after running transfers finish.
`,
    );
  });

  test("fits into 80 columns, with every warning and a port of five digits", async () => {
    const flags = { "http.listen": ":39927", "auth.mode": "none" };
    const loaded = await loadConfig({ flags, env: {}, directory: import.meta.dir });
    const urls = ["http://localhost:39927", "http://192.168.100.100:39927"];
    const text = banner({
      ...{ loaded, urls, readyMs: 160.7, door: "open", setupLink: null, free: 412e9 },
    });

    expect(text).toContain("! Plain HTTP");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("without the explorer has no line for it", async () => {
    expect(await bannerFor({ BREADBOX_SWAGGER_ENABLED: "no" })).not.toContain("swagger\n");
  });

  test("on a server that other machines can reach warns about plain HTTP and pushes without login", async () => {
    const text = await bannerFor({}, { "http.listen": ":5000" });

    expect(text).toContain(
      "! No login (auth.mode: none): anyone who can reach this address can push",
    );
    expect(text).toContain("! Plain HTTP");
    expect(text).toContain("Config      set by --listen\n");
  });

  test("with TLS names the clients' next step, and does not warn about plain HTTP", async () => {
    const text = await bannerFor({}, { "http.listen": ":5000", "http.tls.selfSigned": "on" });

    expect(text).toContain(
      "Clients     trust this server after: breadbox trust-ca localhost:5000\n",
    );
    expect(text).toContain(
      "! No login (auth.mode: none): anyone who can reach this address can push",
    );
    expect(text).not.toContain("Plain HTTP");
  });

  test("with TLS on every address names one that other machines know", async () => {
    const flags = { "http.listen": ":5000", "http.tls.selfSigned": "on" };
    const loaded = await loadConfig({ flags, env: {}, directory: import.meta.dir });
    const urls = ["https://localhost:5000", "https://192.168.1.10:5000"];
    const text = banner({
      ...{ loaded, urls, readyMs: 60, door: "closed", setupLink: null, free: null },
    });

    expect(text).toContain("after: breadbox trust-ca 192.168.1.10:5000\n");
  });

  test("without anybody who could log in says what to type, on a line of its own", async () => {
    const text = await bannerFor({}, { "http.listen": ":5000" }, "empty");

    expect(text).toContain("! Nobody can log in yet");
    expect(text.split("\n")).toContain(
      "      breadbox user add admin --admin --data ./breadbox-data",
    );
  });

  test("has the set-up link on a line that nothing breaks", async () => {
    const link = `http://192.168.1.10:5000/setup#${"x".repeat(43)}`;
    const text = await bannerFor({}, { "http.listen": ":5000" }, "empty", link);

    expect(text.split("\n").filter((line) => line.includes(link))).toHaveLength(1);
  });

  test("behind a proxy warns of those whom it lets in, until there is a user", async () => {
    const env = { BREADBOX_HTTP_URL: "https://registry.example.com" };
    const text = (await bannerFor(env)).replaceAll(/\s+/g, " ");
    expect(text).toContain(
      "! No login yet: anyone whom the proxy of https://registry.example.com lets in can push",
    );
    expect(await bannerFor(env, {}, "closed")).not.toContain("!");
  });

  test("with accounts on localhost warns of nothing, and of an open door on purpose", async () => {
    expect(await bannerFor({}, {}, "closed")).not.toContain("!");
    expect(await bannerFor({ BREADBOX_AUTH_MODE: "none" })).toContain("! No login");
  });

  test("shows the notices of the configuration", async () => {
    const text = await bannerFor({ BREADBOX_ZEBRA: "1", REGISTRY_HTTP_SECRET: "x" });

    expect(text).toContain("! BREADBOX_ZEBRA is set, but no setting has that name.");
    expect(text).toContain("- not used by Breadbox: REGISTRY_HTTP_SECRET");
  });
});
