// What `breadbox trust-ca` prints is typed as it is, for real clients that did not trust the server before.
import { expect } from "bun:test";
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { run, tempFolder, unmountUnder } from "../support/processes.ts";

const commands = [
  ...["unshare", "ip", "curl", "dockerd", "docker", "podman", "skopeo", "containerd", "ctr"],
];

clientTest(
  "docker, podman, skopeo and containerd trust a self-signed server after what trust-ca prints",
  { commands, root: true, timeoutMs: 240_000 },
  async (scope) => {
    const folder = tempFolder(scope, "trust");
    scope.defer(() => unmountUnder(folder));
    const script = join(import.meta.dir, "trustCa.sh");
    const binary = await breadboxBinary();
    const command = ["unshare", "--net", "--mount", "sh", script, binary, folder];

    const { output } = await run(command, { timeoutMs: 200_000 });

    expect(output.trim().split("\n")).toEqual([
      "elsewhere: warned",
      "elsewhere: same fingerprint",
      "docker before: not trusted",
      "skopeo before: not trusted",
      "docker: trusted",
      "docker pull: trusted",
      "podman before: not trusted",
      "skopeo: trusted",
      "podman: trusted",
      "containerd before: not trusted",
      "containerd: trusted",
      "k3s: file in place",
    ]);
  },
);
