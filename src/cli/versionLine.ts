// What `breadbox version` prints.
import { commit, target, version } from "../version.ts";

/** For programs. */
export const versionFacts = () => ({ version, target, bun: Bun.version, commit });

/** `breadbox 0.1.0 (linux-x64, bun 1.4.4, commit 1f2e3d4)`. */
export const versionLine = (): string =>
  `breadbox ${version} (${target}, bun ${Bun.version}, commit ${commit})`;
