// Blobs that go between their look-up and the first byte of the answer, as a collection may delete them: unknown, never an error.
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../src/model/digest.ts";
import { notKept, openingBy } from "./support/opening.ts";
import { openRegistry } from "./support/registry.ts";

test.each([
  ["the whole", {}],
  ["a range", { range: "bytes=0-3" }],
  ["several ranges", { range: "bytes=0-3,10-13" }],
])(
  "%s of a blob that has just been deleted is 404, and is not logged as damage",
  async (_, headers) => {
    let blobs = "";
    await using registry = await openRegistry({
      change: (backend) => {
        // The look-up finds the file; whoever sends it does not.
        const storage = openingBy(backend.registry.storage, (look) => async (row) => {
          const found = await look(row);
          if (blobs !== "") await rm(join(blobs, row.locator), { force: true });
          return found;
        });
        return { ...backend, registry: { ...backend.registry, storage } };
      },
    });
    const bytes = new TextEncoder().encode(notKept("a blob of some length"));
    const digest = digestOf(bytes);
    const target = `${registry.url}/v2/team/app/blobs`;
    const pushed = await fetch(`${target}/uploads/?digest=${digest}`, {
      method: "POST",
      body: bytes,
    });
    expect(pushed.status).toBe(201);
    blobs = join(registry.store.directory, "blobs");

    const answer = await fetch(`${target}/${digest}`, { headers });

    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ errors: [{ code: "BLOB_UNKNOWN" }] });
    expect(registry.lines.filter(({ level }) => level === "error")).toEqual([]);
  },
);
