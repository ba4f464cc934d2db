// Plain HTTP from another machine: each client with what docs/CONNECT.md says, and without it the error that the document begins with.
import { expect } from "bun:test";
import { clientTest } from "../../support/clientTest.ts";
import { openContainers } from "../../support/containerTools.ts";
import { lanNeeds } from "../../support/lan.ts";
import { isLong } from "../../support/share.ts";
import { failure } from "./client.ts";
import { podman, skopeo } from "./containers.ts";
import { ctr, docker } from "./daemons.ts";
import { crane, helm, regctl } from "./goClients.ts";
import { expectLogins } from "./scenario.ts";
import { openSite } from "./site.ts";

const line = "plain HTTP on a LAN";
const needsOf = (commands: readonly string[]) => ({
  ...{ commands: [...commands, ...lanNeeds.commands], root: true, timeoutMs: 120_000 },
});

/** These are told so by a file; the others, in the long form, by an option. */
const clients = [docker, ctr, podman, ...(isLong ? [skopeo, crane, regctl, helm] : [])];

for (const client of clients) {
  const needs = { ...client.needs, ...needsOf(client.needs.commands) };
  clientTest(
    `${client.name} pushes and pulls over ${line}, as documented`,
    needs,
    async (scope) => {
      const site = await openSite(scope, line);

      await expectLogins(client, await client.open(scope, site), site);
    },
  );
}

clientTest(
  "a client that was told nothing says that it got an HTTP response",
  needsOf(skopeo.needs.commands),
  async (scope) => {
    const { host, inside } = await openSite(scope, line);
    const { skopeo } = openContainers(scope, { inside, registries: "" });

    expect(await failure(skopeo("inspect", `docker://${host}/library/app:1`))).toContain(
      "server gave HTTP response to HTTPS client",
    );
  },
);
