// Gives a runtime and a build the instrumented text of each source instead of the source.
import type { BunPlugin } from "bun";
import { root, texts } from "./folder.ts";

/** For `Bun.plugin` and `Bun.build`. */
export const instrumented: BunPlugin = {
  name: "instrumented",
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.tsx?$/ }, async ({ path }) => {
      const ours = path.startsWith(`${root}/src/`);
      const text = Bun.file(ours ? path.replace(root, texts) : path);
      return { contents: await text.text(), loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};
