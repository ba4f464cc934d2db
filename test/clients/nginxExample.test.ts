// examples/nginx.conf in front of the registry, without its TLS and passwords: what clients do has to come through it.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, startRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { answers200, freePort, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** The example between two addresses, as it could be tried on one machine. */
function configOf(folder: string, port: number, host: string): string {
  const example = readFileSync(join(projectRoot, "examples", "nginx.conf"), "utf8");
  const server = example
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
    .replace("proxy_pass http://127.0.0.1:5000;", `proxy_pass http://${host};`)
    .replaceAll(/^ *(?:ssl_certificate|auth_basic).*$/gm, "");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`);
  return `daemon off; pid ${folder}/pid; error_log stderr; events {}
    http { access_log off; ${paths.join(" ")} ${server} }`;
}

async function startNginx(scope: Scope, host: string): Promise<string> {
  const folder = tempFolder(scope, "nginx");
  const port = freePort();
  const config = join(folder, "nginx.conf");
  await Bun.write(config, configOf(folder, port, host));
  const server = startProcess(scope, ["nginx", "-p", folder, "-c", config], {
    log: join(folder, "log"),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor("nginx", () => answers200(`${url}/readyz`), { explain: server.logs });
  return url;
}

clientTest(
  "images go in and out through the example for nginx, and 1024 ranges of a blob in one request",
  { commands: ["nginx"] },
  async (scope) => {
    const registry = await startRegistry(scope);
    const url = await startNginx(scope, registry.host);
    const image = buildImage({ seed: "nginx", layerSizes: [20_000_000, 1_000] });
    const layer = image.blobs[1];
    const ranges = Array.from({ length: 1024 }, (_, part) => {
      const first = 10_000_000 + part * 5_000;
      return `${first}-${first + 9}`;
    });

    await pushImage(`${url}/v2/team/app`, "1.0", image);
    const { blobs } = await pullAll(`${url}/v2/team/app`, "1.0");
    const answer = await fetch(`${url}/v2/team/app/blobs/${layer?.digest}`, {
      headers: { range: `bytes=${ranges.join(",")}` },
    });

    expect(blobs).toEqual(image.blobs.map(({ digest }) => digest));
    expect(answer.status).toBe(206);
    expect((await answer.text()).match(/^content-range: /gim)).toHaveLength(1024);
  },
);

clientTest(
  "the example passes on the name that clients use, which http.url makes known",
  { commands: ["nginx"] },
  async (scope) => {
    const headers = { host: "registry.example.com" };
    const unnamed = await startNginx(scope, (await startRegistry(scope)).host);
    const refused = await fetch(`${unnamed}/v2/`, { headers });
    expect([refused.status, await refused.text()]).toEqual([
      421,
      expect.stringContaining("set http.url"),
    ]);

    const env = { BREADBOX_HTTP_URL: "https://registry.example.com" };
    const named = await startNginx(scope, (await startRegistry(scope, { env })).host);
    expect((await fetch(`${named}/v2/`, { headers })).status).toBe(200);
  },
);
