// The executable under a wall clock that is set while a push is going on: what was uploaded is there when its manifest comes.
import { expect } from "bun:test";
import { breadboxBinary } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { fakeClock } from "../support/fakeClock.ts";
import { buildImage, pullAll, pushBlob, pushImage, pushManifest } from "../support/images.ts";
import { run } from "../support/processes.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { fsckComplaint } from "./aftermath.ts";

/** Long after the first look of a server, and long before the second. */
const firstLookMs = 2_000;

for (const [how, offset, isBelieved] of [
  ["forward ten years", "+3650d", false],
  ["back a day", "-1d", true],
  ["back to 1970", "-20000d", true],
] as const) {
  clientTest(
    `a push goes on when the clock is set ${how} and everything is collected`,
    { commands: ["faketime"] },
    async (scope) => {
      const clock = fakeClock(scope);
      const server = await startRegistry(scope, { env: clock.env });
      const repository = `${server.url}/v2/clock/app`;
      const [kept, image] = ["kept", "pushed meanwhile"].map((seed) =>
        buildImage({ seed, layerSizes: [50_000, 300] }),
      );
      if (kept === undefined || image === undefined) throw new Error("two images");
      await pushImage(repository, "kept", kept);
      for (const blob of image.blobs) await pushBlob(repository, blob);

      // The server looks at the clock soon after its start. Whoever looks first after the step is told of it: here the command.
      await Bun.sleep(firstLookMs);
      clock.set(offset);
      const gc = [await breadboxBinary(), "gc", "--data", server.data, "--yes", "--min-age", "0s"];
      const collected = await run(gc, { env: clock.env, mayFail: true });
      await pushManifest(repository, "meanwhile", image.manifest);

      expect(collected.output).toMatch(isBelieved ? /the clock was set back/ : /set forward/);
      expect(collected.code === 0).toBe(isBelieved);
      expect((await pullAll(repository, "kept")).digest).toBe(kept.manifest.digest);
      expect((await pullAll(repository, "meanwhile")).digest).toBe(image.manifest.digest);
      await server.stop();
      expect(await fsckComplaint(server.data)).toBeNull();
    },
  );
}
