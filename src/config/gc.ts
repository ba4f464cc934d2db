// The settings under `gc`, as every run takes them.
import type { Config } from "./settings.ts";

/** `GcSettings` of `gc/gcRun.ts`. Times in ms. */
export function gcSettings(config: Config) {
  const ttlMs = config["storage.multipart.maxUploadTtlSeconds"];
  return {
    minAgeMs: config["gc.minAge"],
    leaseMs: config["gc.minAge"],
    uploadsMs: Math.max(
      config["storage.uploadTimeout"],
      ttlMs + config["jobs.cleanup.gracePeriodSeconds"],
    ),
    restoreGraceMs: config["gc.restoreGrace"],
    brakeShare: config["gc.brake"],
    untaggedOlderThanMs: config["gc.untagged.enabled"] ? config["gc.untagged.olderThan"] : null,
  };
}
