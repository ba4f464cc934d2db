// kill -9 at each system call by which `breadbox fsck --repair` takes damaged content out: no byte of it is ever lost, and the next
// run ends what was begun.
import { expect } from "bun:test";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { main } from "../cli/command.ts";
import { UploadsRoom } from "../cli/uploadsRoom.ts";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { buildImage, pushImage } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { tempFolder } from "../support/processes.ts";

/** What makes a change durable, or visible to others. */
const calls = ["fsync", "fdatasync", "?link,linkat", "?unlink,unlinkat", "?mkdir,mkdirat"] as const;

async function repair(data: string, strace: readonly string[]): Promise<number> {
  const fsck = [process.execPath, main, "fsck", "--repair", "--data", data];
  const child = Bun.spawn([...strace, ...fsck], { env: {}, stdout: "ignore", stderr: "ignore" });
  return child.exited;
}

clientTest(
  "a repair that is killed at any of its steps loses nothing and is ended by the next one",
  { commands: ["strace"] },
  async (scope) => {
    const room = new UploadsRoom(scope);
    await room.startServer();
    const image = buildImage({ seed: "repair", layerSizes: [50_000] });
    await pushImage(`${room.url}/v2/team/app`, "1.0", image);
    await room.stopServer();
    const [file = ""] = await storedFiles(room.data);
    truncateSync(join(room.data, "blobs", file), 77);
    const folder = tempFolder(scope, "repairs");
    const copy = join(folder, "data");
    const freshCopy = () => {
      rmSync(copy, { recursive: true, force: true });
      cpSync(room.data, copy, { recursive: true });
    };

    const killed = new Map<string, number>();
    for (const call of calls) {
      // Counted by thread, and which thread makes a call is chance: the last turn is the first one that nobody comes to.
      for (let turn = 1; ; turn += 1) {
        freshCopy();
        const inject = `inject=${call}:signal=SIGKILL:when=${turn}`;
        const code = await repair(copy, ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject]);
        if (code !== 137) break;
        killed.set(call, turn);
        const left = ["blobs", "damaged"].map((name) => join(copy, name, file)).filter(existsSync);
        expect(left.map((path) => readFileSync(path).length)).toContain(77);

        await repair(copy, []);

        expect(existsSync(join(copy, "blobs", file))).toBeFalse();
        expect(readFileSync(join(copy, "damaged", file))).toHaveLength(77);
        expect(await problemsOf(copy)).toEqual([expect.stringContaining("waiting for a push")]);
      }
    }
    // Each kind at least once, or the test proves nothing of it.
    expect([...killed.keys()]).toEqual([...calls]);
  },
);
