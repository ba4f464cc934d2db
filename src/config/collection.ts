// What every collection is told, whoever asks for it: the settings under `gc`, as a run takes them.
import type { Config } from "./settings.ts";

/** Times in ms; `untaggedOlderThanMs` is null while untagged manifests stay. */
export function gcSettings(config: Config) {
  return {
    minAgeMs: config["gc.minAge"],
    brakeShare: config["gc.brake"],
    untaggedOlderThanMs: config["gc.untagged.enabled"] ? config["gc.untagged.olderThan"] : null,
  };
}
