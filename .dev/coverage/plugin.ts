// Gives a runtime and a build the instrumented text of each source instead of the source.
import { readFileSync } from "node:fs";
import type { BunPlugin } from "bun";
import { root, texts } from "./folder.ts";

/** For `Bun.plugin` and `Bun.build`. */
export const instrumented: BunPlugin = {
  name: "instrumented",
  setup(build) {
    // At once, because `require` waits for nothing.
    build.onLoad({ filter: /\/src\/.*\.tsx?$/ }, ({ path }) => {
      const ours = path.startsWith(`${root}/src/`);
      const contents = readFileSync(ours ? path.replace(root, texts) : path, "utf8");
      return { contents, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};
