// The container image: built without a daemon, loaded by podman, pushed by skopeo, run as a user who is nobody.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readContainerfile } from "../../.dev/containerfile.ts";
import manifest from "../../package.json" with { type: "json" };
import { loadConfig } from "../../src/config/load.ts";
import { projectRoot, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { type Containers, openContainers } from "../support/containerTools.ts";
import { dockerCommands, startDockerd } from "../support/dockerd.ts";
import { pullAll } from "../support/images.ts";
import { answers200, freePort, run, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { stepsOf } from "../support/walkthrough.ts";

const archive = join(projectRoot, "dist", "breadbox.oci.tar");
const scope = new Scope();
let containers: Containers;

beforeAll(async () => {
  const build = [process.execPath, join(projectRoot, ".dev", "image.ts"), "amd64"];
  await run(build, { cwd: projectRoot, timeoutMs: 300_000 });
  containers = openContainers(scope);
}, 300_000);
afterAll(() => scope[Symbol.asyncDispose]());

describe("the container image", () => {
  test("is loaded by podman, under its name and version", async () => {
    await containers.podman("load", "--input", archive);

    const { stdout } = await containers.podman("image", "inspect", `breadbox:${manifest.version}`);
    const [{ Config: config, Architecture: architecture }] = JSON.parse(stdout);
    expect(architecture).toBe("amd64");
    expect(config).toMatchObject({
      ...{ User: "65532:65532", Cmd: ["serve"], Entrypoint: ["/usr/bin/breadbox"] },
      ...{ ExposedPorts: { "5000/tcp": {} }, Volumes: { "/var/lib/registry": {} } },
    });
  });

  clientTest(
    "is loaded by docker, which finds the version of its machine under the plain name",
    { commands: [...dockerCommands], root: true },
    async (inner) => {
      const { docker } = await startDockerd(inner);

      await docker("load", "--input", archive);

      const { stdout } = await docker("image", "inspect", `breadbox:${manifest.version}`);
      const [{ Config: config, Architecture: architecture }] = JSON.parse(stdout);
      expect(architecture).toBe("amd64");
      expect(config).toMatchObject({
        ...{ User: "65532:65532", Healthcheck: { Test: ["CMD", "/usr/bin/breadbox", "health"] } },
      });
    },
  );

  test("is pushed by skopeo with its index, and pulls byte for byte", async () => {
    const registry = await startBreadbox(scope);
    const to = `docker://${registry.host}/breadbox:0.1.0`;

    await containers.skopeo(
      "copy",
      "--all",
      "--dest-tls-verify=false",
      `oci-archive:${archive}`,
      to,
    );

    const { blobs } = await pullAll(`${registry.url}/v2/breadbox`, "0.1.0");
    expect(blobs).toHaveLength(2);
  });

  test("serves as a user who is not root, and tells its own health", async () => {
    const { stdout } = await containers.buildah("from", `oci-archive:${archive}`);
    const container = stdout.trim();
    const port = freePort();
    const listen = `127.0.0.1:${port}`;
    const settings = ["--env", `REGISTRY_HTTP_ADDR=${listen}`, "--env", "BREADBOX_DATA=/tmp/data"];
    const inside = (...args: string[]) =>
      containers.buildah(
        ...["run", "--isolation=chroot", ...settings, container, "--", "/usr/bin/breadbox"],
        ...args,
      );

    const before = await inside("health").catch(String);
    const serving = inside("serve", "--listen", listen).catch(() => {});
    await waitFor("the server in the container", () => answers200(`http://${listen}/readyz`));
    const { output } = await inside("health");
    await stopServer(listen);
    await serving;

    expect(before).toContain("is not reached");
    expect(output).toContain("ready");
  });
});

/** Ends the server of a container, which is known by an address in its environment. It runs as the image's user. */
async function stopServer(listen: string): Promise<void> {
  const ask = `grep -lsz '^REGISTRY_HTTP_ADDR=${listen}$' /proc/[0-9]*/environ`;
  const { stdout } = await run(["sh", "-c", ask], { mayFail: true });
  const pids = [...new Set(stdout.match(/\d+/g))].filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("/usr/bin/breadbox\0serve"),
  );
  expect(pids).toHaveLength(1);
  expect(statSync(`/proc/${pids[0]}`).uid).toBe(65_532);
  process.kill(Number(pids[0]), "SIGTERM");
}

/** A compose file as people have it, after Docker's documentation of its registry. */
const theirs = `services:
  registry:
    restart: always
    image: registry:2
    environment:
      REGISTRY_AUTH: htpasswd
      REGISTRY_AUTH_HTPASSWD_PATH: /auth/htpasswd
      REGISTRY_AUTH_HTPASSWD_REALM: Registry Realm
      REGISTRY_HTTP_SECRET: asecretforlocaldevelopment
      REGISTRY_STORAGE_DELETE_ENABLED: "true"
    volumes:
      - ./data:/var/lib/registry
      - ./auth:/auth
`;

test("a compose file of registry:2 works when its line `image:` is changed", async () => {
  await using own = new Scope();
  const folder = tempFolder(own, "compose");
  const ours = theirs.replace("image: registry:2", `image: breadbox:${manifest.version}`);
  const { image, environment, volumes } = Object(Bun.YAML.parse(ours)).services.registry;
  for (const name of ["data", "auth"]) mkdirSync(join(folder, name));
  chownSync(join(folder, "data"), 65_532, 65_532);
  const hash = await Bun.password.hash("correct horse", { algorithm: "bcrypt", cost: 5 });
  await Bun.write(join(folder, "auth", "htpasswd"), `ann:${hash}\n`);
  const container = (await containers.buildah("from", "--pull-never", image)).stdout.trim();
  const listen = `127.0.0.1:${freePort()}`;
  const variables = Object.entries({ ...environment, REGISTRY_HTTP_ADDR: listen });
  const options = [
    ...variables.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...volumes.flatMap((volume: string) => ["--volume", volume.replace(".", folder)]),
  ];
  const command = ["--", "/usr/bin/breadbox", "serve"];
  const serving = containers
    .buildah("run", "--isolation=chroot", ...options, container, ...command)
    .catch(String);
  await waitFor("the server in the container", () => answers200(`http://${listen}/readyz`));
  own.defer(async () => {
    await stopServer(listen);
    await serving;
  });

  const to = `docker://${listen}/team/app:1`;
  const copy = (...login: string[]) =>
    containers.skopeo(
      ...["copy", "--dest-tls-verify=false", ...login, `oci-archive:${archive}`, to],
    );
  expect(await copy().catch(String)).toContain("authentication required");
  await copy("--dest-creds", "ann:correct horse");
});

clientTest(
  "every command of docs/CONTAINERS.md works with a real Docker",
  { commands: [...dockerCommands], root: true, timeoutMs: 120_000 },
  async (scope) => {
    const { docker, env } = await startDockerd(scope);
    await docker("load", "--input", archive);
    const port = freePort();
    // This dockerd has no bridge: the container is in the machine's network.
    const ours = `--network host --env REGISTRY_HTTP_ADDR=127.0.0.1:${port}`;
    const written = "--publish 127.0.0.1:5000:5000";
    const text = await Bun.file(join(projectRoot, "docs", "CONTAINERS.md")).text();
    const steps = stepsOf(text).map(({ commands }) => commands.replace(written, ours));
    const cwd = tempFolder(scope, "containers");
    await Bun.write(join(cwd, "password.txt"), "correct horse battery\n");
    scope.defer(async () => {
      await docker("rm", "--force", "registry");
    });

    const printed: string[] = [];
    for (const commands of steps) {
      printed.push((await run(["sh", "-eu", "-c", commands], { env, cwd })).output);
      await waitFor("the server", () => answers200(`http://127.0.0.1:${port}/readyz`));
    }

    expect(steps[0]).toContain(ours);
    expect(steps.length).toBeGreaterThan(2);
    expect(printed.join("\n")).toContain("ann");
    expect((await fetch(`http://127.0.0.1:${port}/v2/`)).status).toBe(401);
  },
);

test("the example for Compose runs this image, with variables that work", async () => {
  const text = await Bun.file(join(projectRoot, "examples", "compose.yml")).text();
  const { registry } = Object(Bun.YAML.parse(text)).services;

  expect(registry.image).toBe(`${manifest.name}:${manifest.version}`);
  expect(registry.healthcheck.test).toEqual(["CMD", "/usr/bin/breadbox", "health"]);
  const image = readContainerfile(await Bun.file(join(projectRoot, "Containerfile")).text());
  expect(registry.volumes).toEqual([`registry:${Object.keys(image.Volumes)[0]}`]);
  const env = {
    ...Object.fromEntries(image.Env.map((line) => line.split("="))),
    ...registry.environment,
  };
  const { config, notices } = await loadConfig({ flags: {}, file: null, env, directory: "." });
  expect(config).toMatchObject({ data: "/var/lib/registry", "registry.delete": true });
  expect(notices).toEqual([]);
});

test("an instruction that the builder does not know is refused", () => {
  expect(() => readContainerfile("FROM scratch\nRUN true\n")).toThrow("RUN is not understood");
});
