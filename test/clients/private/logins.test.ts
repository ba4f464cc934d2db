// Every client against a server with accounts, over plain HTTP and with TLS by the server's own CA: trust, login, push, pull, logout.
import { describe, expect } from "bun:test";
import { clientTest } from "../../support/clientTest.ts";
import { lanNeeds } from "../../support/lan.ts";
import { buildkit } from "./buildkit.ts";
import { type Client, failure } from "./client.ts";
import { buildah, podman, skopeo } from "./containers.ts";
import { ctr, docker } from "./daemons.ts";
import { crane, helm, oras, regctl } from "./goClients.ts";
import { expectLogins } from "./scenario.ts";
import { lines, openSite } from "./site.ts";

const clients: readonly Client[] = [
  ...[docker, ctr, podman, buildah, skopeo],
  ...[crane, regctl, oras, helm, buildkit],
];

const untrusted = /x509: certificate signed by unknown authority/;

for (const line of lines) {
  describe(`over ${line}`, () => {
    for (const client of clients) {
      const needs = {
        ...client.needs,
        commands: [...client.needs.commands, ...lanNeeds.commands],
        ...{ root: true, timeoutMs: 600_000 },
      };
      clientTest(`${client.name} logs in, pushes, pulls and logs out`, needs, async (scope) => {
        const site = await openSite(scope, line);
        const session = await client.open(scope, site);
        if (line === "TLS") {
          expect(await failure(session.push("lab/app"))).toMatch(untrusted);
          await site.trust(client.section);
        }
        await expectLogins(client, session, site);
      });
    }
  });
}
