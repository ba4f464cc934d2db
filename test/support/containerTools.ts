// podman, buildah and skopeo, and containerd's ctr, each on storage and settings of its own under a temporary folder.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Finished,
  here,
  type Inside,
  run,
  startProcess,
  stopWithChildren,
  tempFolder,
  unmountUnder,
  waitFor,
} from "./processes.ts";
import type { Scope } from "./scope.ts";

/** Runs a tool with the arguments that keep it in its own folder, then those given.
 *  @throws Error with the tool's output when it fails. */
export type Tool = (...args: string[]) => Promise<Finished>;

/** The three tools that share one storage. */
export interface Containers {
  readonly podman: Tool;
  readonly buildah: Tool;
  readonly skopeo: Tool;
}

/** How the three tools store images. */
export type ImageStorage =
  /** Works in containers too. */
  | "vfs"
  /** Pulls only the parts of a layer that are not there yet. */
  | "partial overlay";

/** Where the tools run, and what they reach. */
export interface ContainerOptions {
  readonly images?: ImageStorage;
  readonly inside?: Inside;
  /** Tables of registries.conf. Default: plain HTTP to this machine. */
  readonly registries?: string;
}

/** As registries.conf says that a registry speaks plain HTTP. */
export const plainHttp = (host: string): string =>
  `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;

/** Storage, logins and configuration for podman, buildah and skopeo. */
export function openContainers(
  scope: Scope,
  { images = "vfs", inside = here, registries = plainHttp("127.0.0.1") }: ContainerOptions = {},
): Containers {
  const folder = tempFolder(scope, "containers");
  scope.defer(() => unmountUnder(folder));
  const driver = images === "vfs" ? "vfs" : "overlay";
  const env = writeConfiguration(folder, driver, registries);
  const storage = [
    `--root=${join(folder, "root")}`,
    `--runroot=${join(folder, "run")}`,
    `--storage-driver=${driver}`,
  ];
  const tool =
    (command: string, ...flags: string[]): Tool =>
    (...args) =>
      run(inside([command, ...flags, ...args]), { env, timeoutMs: 120_000 });
  return {
    podman: tool("podman", ...storage, `--tmpdir=${join(folder, "tmp")}`),
    buildah: tool("buildah", ...storage),
    skopeo: tool("skopeo"),
  };
}

function writeConfiguration(
  folder: string,
  driver: string,
  registries: string,
): Record<string, string> {
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const home = join(folder, "home");
  mkdirSync(join(home, ".config", "containers"), { recursive: true });
  const anything = JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] });
  write("home/.config/containers/policy.json", anything);
  mkdirSync(join(folder, "var-tmp"));
  return {
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    TMPDIR: join(folder, "var-tmp"),
    BUILDAH_ISOLATION: "chroot",
    REGISTRY_AUTH_FILE: write("auth.json", "{}"),
    CONTAINERS_CONF: write(
      "containers.conf",
      '[engine]\nlock_type = "file"\nevents_logger = "none"\ncgroup_manager = "cgroupfs"\n',
    ),
    // In the home folder, because skopeo knows no variable for it.
    CONTAINERS_REGISTRIES_CONF: write(
      "home/.config/containers/registries.conf",
      `unqualified-search-registries = []\n${registries}`,
    ),
    CONTAINERS_STORAGE_CONF: write(
      "storage.conf",
      `[storage]\ndriver = "${driver}"\ngraphroot = "${folder}/root"\nrunroot = "${folder}/run"
[storage.options]\npull_options = {enable_partial_images = "true"}\n`,
    ),
  };
}

/** How a containerd differs from one for ctr alone. */
export interface ContainerdOptions {
  readonly inside?: Inside;
  /** Where it listens. */
  readonly socket?: string;
  /** Settings of its CRI, which is off without any: tables of its config.toml. */
  readonly cri?: string;
}

/** Starts a containerd and returns its `ctr`. Both are gone when the scope closes. */
export async function startContainerd(
  scope: Scope,
  { inside = here, socket, cri }: ContainerdOptions = {},
): Promise<Tool> {
  const folder = tempFolder(scope, "containerd");
  scope.defer(() => unmountUnder(folder));
  const address = socket ?? join(folder, "socket");
  const config = join(folder, "config.toml");
  const disabled = ["io.containerd.internal.v1.opt", ...(cri ? [] : ["io.containerd.grpc.v1.cri"])];
  writeFileSync(
    config,
    `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ${JSON.stringify(disabled)}
[grpc]
  address = "${address}"
${cri ?? ""}`,
  );
  const daemon = startProcess(scope, inside(["containerd", "--config", config]), {
    log: join(folder, "log"),
  });
  scope.defer(() => stopWithChildren(daemon));
  const ctr = inside(["ctr", "--address", address]);
  await waitFor(
    "containerd",
    async () => {
      if (daemon.hasExited()) throw new Error(`containerd ended early\n${daemon.logs()}`);
      return (await run([...ctr, "version"], { mayFail: true })).code === 0;
    },
    { timeoutMs: 60_000, everyMs: 100, explain: daemon.logs },
  );
  return (...args) => run([...ctr, ...args], { timeoutMs: 120_000 });
}
