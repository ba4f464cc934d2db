// Gives a runtime and a build the instrumented text of each source instead of the source.
import { readFileSync } from "node:fs";
import type { BunPlugin } from "bun";
import { root, texts } from "./folder.ts";

/** For `Bun.plugin` and `Bun.build`. */
export const instrumented: BunPlugin = {
  name: "instrumented",
  setup(build) {
    const ours = new RegExp(`^${RegExp.escape(root)}/src/.*\\.tsx?$`);
    // At once, because `require` waits for nothing.
    build.onLoad({ filter: ours }, ({ path }) => ({
      contents: readFileSync(path.replace(root, texts), "utf8"),
      loader: path.endsWith("x") ? "tsx" : "ts",
    }));
  },
};
