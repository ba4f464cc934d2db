// What somebody typed → the source that is meant, or a sentence that says what to type.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { distributionSource, findDistribution } from "./distribution.ts";
import { findLayouts, layoutSource } from "./layout.ts";
import { openRemote, type RemoteLogin } from "./remote.ts";
import { type Source, SourceError } from "./source.ts";

/** What is asked for. */
export interface Asked {
  /** `DIR`, `oci:DIR`, or the address of a registry. */
  readonly place: string;
  /** For one image layout: the repository that it becomes; for a registry: the only one that is imported. null: not given. */
  readonly repository: string | null;
  readonly login: RemoteLogin | null;
  readonly manifestMaxBytes: number;
}

/** `host`, `host:port` or `host/repository`, as images are named. */
const address = /^(?:https?:\/\/|localhost\b|[^/]*[.:][^/]*(?:\/|$))/;

/** @throws SourceError when it is neither, or not understood. */
export function openSource(asked: Asked): Source {
  const { place } = asked;
  const scheme = /^oci:(?!\/\/)/.exec(place)?.[0] ?? "";
  const directory = place.slice(scheme.length);
  if (scheme === "" && !existsSync(directory)) {
    if (address.test(place) && !/^[./]/.test(place)) return openRemote(asked);
    throw new SourceError(
      `there is no directory ${place}. Name a directory, oci:DIR, or a registry such as https://registry.example.com or localhost:5000`,
    );
  }
  return openDirectory(directory, scheme === "oci:", asked);
}

function openDirectory(directory: string, isLayout: boolean, asked: Asked): Source {
  if (!(statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false)) {
    throw new SourceError(
      existsSync(directory)
        ? `${directory} is a file. Unpack it first: skopeo copy docker-archive:FILE oci:DIR:TAG, then import oci:DIR`
        : `there is no directory ${directory}`,
    );
  }
  const root = isLayout ? null : findDistribution(directory);
  if (root !== null) return distributionSource(root, asked.manifestMaxBytes);
  if (existsSync(join(directory, "breadbox.db"))) {
    throw new SourceError(
      `${directory} is a data directory of Breadbox: serve it, or import from the server that serves it (breadbox import localhost:5000)`,
    );
  }
  const layouts = findLayouts(directory, asked.repository);
  if (layouts !== null) return layoutSource(directory, layouts, asked.manifestMaxBytes);
  throw new SourceError(
    `${directory} is neither the directory of a registry (docker/registry/v2 is not in it) nor an OCI image layout (oci-layout is not in it). Name the directory that was mounted at /var/lib/registry, or start the old registry and import from its address`,
  );
}
