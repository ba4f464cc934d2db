// The registry that tests with real clients use: ours, or what BREADBOX_TEST_REGISTRY names instead.
import { type StartRegistry, startBreadbox, startDistribution } from "./binary.ts";
import { startReplicated } from "./replicated.ts";

const byName: Readonly<Record<string, StartRegistry>> = {
  distribution: startDistribution,
  replicas: startReplicated,
};

export const startRegistry: StartRegistry =
  byName[process.env["BREADBOX_TEST_REGISTRY"] ?? ""] ?? startBreadbox;
