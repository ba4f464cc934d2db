// Each example of a proxy with TLS in front of a server with accounts: real clients log in, push and pull, and nothing is buffered.
import { afterAll, describe, expect } from "bun:test";
import { join } from "node:path";
import { randomBytes } from "../../support/bytes.ts";
import { clientTest } from "../../support/clientTest.ts";
import { lanNeeds } from "../../support/lan.ts";
import { waitFor } from "../../support/processes.ts";
import { Scope } from "../../support/scope.ts";
import { isLong } from "../../support/share.ts";
import type { Client } from "./client.ts";
import { skopeo } from "./containers.ts";
import { docker } from "./daemons.ts";
import { regctl } from "./goClients.ts";
import { caddy, type FrontProxy, nginx, traefik } from "./proxies.ts";
import { expectLogins } from "./scenario.ts";
import { bob, openProxied, type Site } from "./site.ts";

// No package of Debian's has Traefik, and building it takes longer than all other programs together: it is tested where it is installed.
const hasTraefik = Bun.which("traefik") !== null;
const proxies: readonly FrontProxy[] = [nginx, caddy, ...(hasTraefik ? [traefik] : [])];
if (!hasTraefik) console.warn("traefik is not on the PATH: its example is not tested");
/** The server is the same behind each of them: one sees all clients, the others a few but in the long form. */
const clientsBehind = (proxy: FrontProxy): readonly Client[] =>
  proxy === nginx || isLong ? [docker, skopeo, regctl] : [skopeo];

const login = ["-sS", "--fail-with-body", "-u", `${bob.name}:${bob.password}`];

/** What `curl -i` prints of an answer's head. */
const headOf = async ({ run, url }: Site, path: string, ...args: string[]): Promise<string> =>
  (await run(["curl", "-sSi", ...args, `${url}${path}`])).stdout;

for (const proxy of proxies) {
  const needs = { ...lanNeeds, commands: [...lanNeeds.commands, ...proxy.commands] };
  describe(`behind ${proxy.name}`, () => {
    for (const client of clientsBehind(proxy)) {
      const both = { ...client.needs, commands: [...client.needs.commands, ...needs.commands] };
      clientTest(
        `${client.name} logs in, pushes and pulls`,
        { ...both, root: true },
        async (scope) => {
          const site = await openProxied(scope, proxy);
          await expectLogins(client, await client.open(scope, site), site);
        },
      );
    }

    const shared = new Scope();
    afterAll(() => shared.close());
    let opened: Promise<Site> | null = null;
    const openShared = (): Promise<Site> => {
      opened ??= openProxied(shared, proxy);
      return opened;
    };

    clientTest("the token endpoint and uploads have the proxy's address", needs, async () => {
      const site = await openShared();

      expect(await headOf(site, "/v2/")).toMatch(
        new RegExp(`^www-authenticate: Bearer realm="${site.url}/v2/token"`, "im"),
      );
      const path = "/v2/lab/app/blobs/uploads/";
      const upload = await headOf(site, path, "-u", `${bob.name}:${bob.password}`, "-X", "POST");
      expect(upload).toMatch(/^location: \/v2\/lab\/app\/blobs\/uploads\/[0-9a-f-]{36}/im);
    });

    clientTest("1024 ranges of a blob come in one request", needs, async () => {
      const site = await openShared();
      const [, layer] = site.image.blobs;
      const ranges = Array.from({ length: 1024 }, (_, part) => `${part * 90}-${part * 90 + 9}`);
      const path = `/v2/library/app/blobs/${layer?.digest}`;

      const answer = await headOf(site, path, "-H", `Range: bytes=${ranges.join(",")}`);

      expect(answer).toMatch(/^HTTP\/\S+ 206/);
      expect(answer.match(/^content-range: /gim)).toHaveLength(1024);
    });

    clientTest("bytes of an upload arrive before it ends", needs, async (scope) => {
      const site = await openShared();
      const bytes = randomBytes("private/streamed", 3_000_000);
      const url = `${site.url}/v2/lab/app/blobs/uploads/`;
      const opened = await site.run(["curl", "-i", ...login, "-X", "POST", url]);
      const place = /^location: (\S+)/im.exec(opened.stdout)?.[1] ?? "";
      const id = /[0-9a-f-]{36}/.exec(place)?.[0] ?? "";
      const stored = () => Bun.file(join(site.data, "uploads", id, "data")).size;

      const put = Bun.spawn(
        site.inside(["curl", ...login, "-T", "-", "-X", "PATCH", `${site.url}${place}`]),
        { stdin: "pipe", stdout: "ignore", stderr: "inherit" },
      );
      scope.defer(() => put.kill());
      put.stdin.write(bytes);
      await put.stdin.flush();
      // curl waits for more; the server has most of these bytes all the same.
      await waitFor("the first bytes", () => stored() > 1_000_000);
      put.stdin.write(bytes);
      await put.stdin.end();

      expect(await put.exited).toBe(0);
      expect(stored()).toBe(2 * bytes.length);
    });
  });
}
