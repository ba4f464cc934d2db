// The distribution that images are moved from: Debian's 2.8, and in the long form of the tests the third one, which takes minutes to build.
import type { RegistryOptions } from "./binary.ts";
import type { Needs } from "./clientTest.ts";
import { distribution } from "./goPrograms.ts";
import { goToolNeeds } from "./goTools.ts";
import { isLong } from "./share.ts";

const debians = "docker-registry";

/** What a test with it needs. */
export const oldNeeds: Needs = isLong ? goToolNeeds(distribution) : { commands: [debians] };

/** Which one `startDistribution` starts. */
export const oldProgram = (): Pick<RegistryOptions, "binary"> =>
  isLong ? {} : { binary: Bun.which(debians) ?? debians };
