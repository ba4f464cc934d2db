// BuildKit: a builder that pulls what it builds on, and pushes what it built. Each build has a builder of its own, which knows nothing yet.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../../support/bytes.ts";
import { buildctl, buildkitd } from "../../support/goPrograms.ts";
import { goTool, goToolNeeds, installGoTools } from "../../support/goTools.ts";
import { run, startProcess, tempFolder, unmountUnder, waitFor } from "../../support/processes.ts";
import { Scope } from "../../support/scope.ts";
import { assertSame, type Client } from "./client.ts";
import type { Site } from "./site.ts";

const content = Buffer.from(randomBytes("private/buildkit", 300_000));

/** Starts a builder as `docker buildx create --config buildkitd.toml` does, with that file if it is there.
 *  @returns what comes before the words of a build. */
async function startBuilder(scope: Scope, { folder, inside }: Site): Promise<string[]> {
  const root = tempFolder(scope, "buildkit");
  scope.defer(() => unmountUnder(root));
  // One after the other: the second one is made of what was compiled for the first.
  await installGoTools([buildkitd, buildctl]);
  const [daemon, command] = [await goTool(buildkitd), await goTool(buildctl)];
  const config = join(folder, "buildkitd.toml");
  const address = `unix://${join(root, "socket")}`;
  const place = ["--addr", address, "--root", root, "--otel-socket-path", join(root, "otel")];
  const worker = ["--containerd-worker=false", "--oci-worker-snapshotter=native"];
  const settings = existsSync(config) ? ["--config", config] : [];
  const running = startProcess(scope, inside([daemon, ...place, ...worker, ...settings]), {
    log: join(root, "log"),
  });
  const ask = inside([command, "--addr", address]);
  const isReady = async () => {
    if (running.hasExited()) throw new Error(`buildkitd ended early\n${running.logs()}`);
    return (await run([...ask, "debug", "workers"], { mayFail: true })).code === 0;
  };
  await waitFor("buildkitd", isReady, { everyMs: 100, explain: running.logs });
  return [...ask, "build", "--progress=plain", "--frontend=dockerfile.v0"];
}

export const buildkit: Client = {
  ...{ name: "BuildKit", section: "BuildKit", checksLogin: false },
  needs: { ...goToolNeeds(buildkitd), commands: ["runc"], root: true },
  open: async (scope, site) => {
    const client = tempFolder(scope, "client");
    const config = join(client, "config.json");
    const build = async (dockerfile: string, output: string) => {
      await using own = new Scope();
      const builder = await startBuilder(own, site);
      const context = tempFolder(own, "context");
      writeFileSync(join(context, "Dockerfile"), dockerfile);
      writeFileSync(join(context, "app"), content);
      const from = ["--local", `context=${context}`, "--local", `dockerfile=${context}`];
      return await run([...builder, ...from, "--output", output], {
        env: { DOCKER_CONFIG: client },
      });
    };
    return {
      login: async (user, password) => {
        const auth = Buffer.from(`${user}:${password}`).toString("base64");
        writeFileSync(config, JSON.stringify({ auths: { [site.host]: { auth } } }));
      },
      logout: async () => writeFileSync(config, "{}"),
      push: (repository) => {
        const image = `type=image,name=${site.host}/${repository}:1,push=true`;
        return build("FROM scratch\nCOPY app /app\n", image);
      },
      pull: async (repository) => {
        const to = tempFolder(scope, "to");
        await build(`FROM ${site.host}/${repository}:1\n`, `type=local,dest=${to}`);
        const found = await Bun.file(join(to, "app")).bytes();
        assertSame("the file", Buffer.from(found).toString("base64"), content.toString("base64"));
      },
    };
  },
};
