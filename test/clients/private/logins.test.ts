// Every client against a server with accounts, over plain HTTP and with TLS by the server's own CA: trust, login, push, pull, logout.
import { describe, expect } from "bun:test";
import { clientTest } from "../../support/clientTest.ts";
import { lanNeeds } from "../../support/lan.ts";
import { isLong } from "../../support/share.ts";
import { buildkit } from "./buildkit.ts";
import { type Client, failure } from "./client.ts";
import { buildah, podman, skopeo } from "./containers.ts";
import { ctr, docker } from "./daemons.ts";
import { crane, helm, oras, regctl } from "./goClients.ts";
import { expectLogins } from "./scenario.ts";
import { lines, openSite } from "./site.ts";

/** With TLS all differ in what they have to trust. Over plain HTTP the server says the same to all of them, so a few are enough but in the
 *  long form; nor are those in the short one that take minutes to build. */
const clients: Readonly<Record<(typeof lines)[number], readonly Client[]>> = {
  "plain HTTP": [docker, skopeo, crane, ...(isLong ? [ctr, podman, buildah, regctl, oras] : [])],
  TLS: [docker, ctr, podman, buildah, skopeo, crane, regctl, oras],
};
const slowToBuild = isLong ? [helm, buildkit] : [];

const untrusted = /x509: certificate signed by unknown authority/;

for (const line of lines) {
  describe(`over ${line}`, () => {
    for (const client of [...clients[line], ...slowToBuild]) {
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
