// The etags of parts in docs/BUCKETS.md: the server computes them, and so does a client with the documented commands.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Fingerprint } from "../../src/model/fingerprint.ts";
import { projectRoot } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";

const document = await Bun.file(join(projectRoot, "docs", "BUCKETS.md")).text();
const section = document.split("### Compute an etag\n")[1]?.split("\n### ")[0] ?? "";
const commands = /^```bash\n([\s\S]*?)^```/m.exec(section)?.[1] ?? "";
const vectors = [...section.matchAll(/^\| (.+?) \| `([0-9a-f]{16}-\d+)` \|$/gm)].map(
  ([, bytes = "", etag = ""]) => ({ bytes, etag }),
);

/** The bytes that the table describes: texts, repeated or not, one after the other. */
function bytesOf(description: string): string {
  const texts = [...description.matchAll(/(?:(\d+) × )?`([^`]+)`/g)];
  return texts.map(([, count = "1", text = ""]) => text.repeat(Number(count))).join("");
}

describe("the documented etag of a part", () => {
  test("has vectors for no block, one block and several blocks", () => {
    expect(vectors.map(({ bytes }) => bytesOf(bytes).length)).toEqual([
      0, 8, 65_536, 65_544, 200_000,
    ]);
  });

  test.each(vectors)("of $bytes is what the server computes", ({ bytes, etag }) => {
    const fingerprint = new Fingerprint();
    fingerprint.update(new TextEncoder().encode(bytesOf(bytes)));
    expect<string>(fingerprint.etag()).toBe(etag);
  });

  clientTest(
    "is what the documented commands compute",
    { commands: ["bash", "split", "xxhsum"] },
    async (scope) => {
      const file = join(tempFolder(scope, "etag"), "part");
      for (const { bytes, etag } of vectors) {
        await Bun.write(file, bytesOf(bytes));
        const { stdout } = Bun.spawnSync(["bash", "-c", `${commands}\netag ${file}`]);
        expect(stdout.toString().trim()).toBe(etag);
      }
    },
  );
});
