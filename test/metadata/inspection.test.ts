// The inspection's questions while another process writes: what they read together belongs to one moment.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { blob, finish, manifest } from "../contract/metadataRows.ts";
import { startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { openIn } from "./database.ts";

test("a manifest that another process deletes is listed with all of its references or not at all", async () => {
  await using scope = new Scope();
  const directory = tempFolder(scope, "moments");
  const { registry, uploads, manifestInspection } = (
    await openIn(scope, directory, { role: "tool" })
  ).metadata;
  await uploads.finishUpload(finish("layer"));
  for (let number = 0; number < 8; number += 1) {
    const references = [blob("layer")];
    await registry.putManifest(manifest(`{"number":${number}}`, { references }));
  }
  const toggler = [process.execPath, join(import.meta.dir, "fixtures/toggler.ts"), directory];
  const log = join(directory, "toggler.log");
  const { logs } = startProcess(scope, toggler, { cwd: directory, log });
  await waitFor("the other process", () => logs().includes("ready"), { explain: logs });

  const [lengths, references] = [new Set<number>(), new Set<number>()];
  // The manifests were seen there and gone: the other process did write.
  for (let round = 0; round < 2_000 || lengths.size < 2; round += 1) {
    const page = await manifestInspection.listManifests({ after: null, limit: 8 });
    lengths.add(page.length);
    for (const row of page) references.add(row.references.length);
  }

  expect([...lengths].sort()).toEqual([0, 8]);
  expect([...references]).toEqual([1]);
});
