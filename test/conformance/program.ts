// The official conformance program of the OCI distribution specification: found on this machine, or built from its Go module.
import { existsSync } from "node:fs";
import { type GoTool, goTool, goToolNeeds } from "../support/goTools.ts";

/** Commit of github.com/opencontainers/distribution-spec whose `conformance/` is run, as Go writes it. */
export const pinnedVersion = "v0.0.0-20260716174315-967efdc079b9";

const module = "github.com/opencontainers/distribution-spec/conformance";
const published: GoTool = { name: "conformance", package: module, version: pinnedVersion };

/** The program, or why there is none. */
export type Program =
  | { readonly path: string; readonly origin: string }
  | {
      readonly missing: string;
      /** The module proxy answered, and said that it does not hand out this module: nothing on this machine can be
       *  set up better. */
      readonly refused: boolean;
    };

/** Looks at `OCI_CONFORMANCE` (a path), then on PATH, then builds the pinned module. */
export async function findProgram(): Promise<Program> {
  const given = process.env["OCI_CONFORMANCE"];
  if (given !== undefined) {
    return existsSync(given)
      ? { path: given, origin: "found through OCI_CONFORMANCE" }
      : { missing: `OCI_CONFORMANCE names ${given}, which does not exist`, refused: false };
  }
  const onPath = Bun.which("oci-conformance") ?? Bun.which("conformance");
  if (onPath !== null) return { path: onPath, origin: "found on PATH" };
  return buildModule();
}

async function buildModule(): Promise<Program> {
  const absent = goToolNeeds(published).reason();
  if (absent !== null) return { missing: absent, refused: false };
  try {
    return { path: await goTool(published), origin: `from the module ${module}@${pinnedVersion}` };
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return { missing: output.trim(), refused: isOperatorError(output) };
  }
}

/** Whether Go's output says that the proxy hands out no such module. Nothing else counts: no network, no space, a checksum
 *  that differs, source that does not compile, another module that is refused. */
export const isOperatorError = (output: string): boolean =>
  /\/github\.com\/opencontainers\/distribution-spec\/(?:conformance|specs-go)\/@v\/\S+: 403 Forbidden$/m.test(
    output,
  );
