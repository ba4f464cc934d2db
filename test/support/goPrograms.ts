// Every program that tests build with Go, and those of them that a machine which runs all tests builds for all of them.
import { join } from "node:path";
import { type GoTool, installForAll } from "./goTools.ts";

const buildkit = (name: string): GoTool => ({
  name,
  folder: join(import.meta.dir, "..", "clients", "buildkit"),
  package: `github.com/moby/buildkit/cmd/${name}`,
});

/** BuildKit's daemon and command, by a module of ours: Go installs no command whose module has excluded others. */
export const buildkitd = buildkit("buildkitd");
export const buildctl = buildkit("buildctl");

/** go-containerregistry's command. */
export const crane: GoTool = {
  name: "crane",
  package: "github.com/google/go-containerregistry/cmd/crane",
  version: "v0.22.1",
};

/** CNCF Distribution, the reference registry. */
export const distribution: GoTool = {
  name: "distribution",
  package: "github.com/distribution/distribution/v3/cmd/registry",
  version: "v3.1.2",
};

/** Helm, which keeps charts in registries. */
export const helm: GoTool = {
  name: "helm",
  package: "helm.sh/helm/v4/cmd/helm",
  version: "v4.3.1",
};

/** What k3s pulls images with, behind two commands of ours. */
export const k3s: GoTool = {
  name: "k3s",
  folder: join(import.meta.dir, "..", "clients", "k3s"),
};

/** The library of oras behind a few commands of ours: its own command is no module that can be fetched. */
export const oras: GoTool = {
  name: "oras",
  folder: join(import.meta.dir, "..", "clients", "oras"),
};

/** Let's Encrypt's own ACME server for tests. */
export const pebble: GoTool = {
  name: "pebble",
  package: "github.com/letsencrypt/pebble/v2/cmd/pebble",
  version: "v2.10.1",
};

/** regclient's command. */
export const regctl: GoTool = {
  name: "regctl",
  package: "github.com/regclient/regclient/cmd/regctl",
  version: "v0.11.7",
};

/** An S3 server that keeps objects as files with extended attributes. */
export const versitygw: GoTool = {
  name: "versitygw",
  package: "github.com/versity/versitygw/cmd/versitygw",
  version: "v1.8.0",
};

/** Builds those that are missing, but for the ones of the long form (`share.ts`): without any it takes minutes. The smallest comes first,
 *  and then the one that takes longest.
 *  @throws Error with Go's output when one cannot be built. */
export const installGoPrograms = (): Promise<void> =>
  installForAll([oras, versitygw, crane, regctl, pebble, k3s]);
