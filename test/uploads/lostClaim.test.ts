// A request whose claim is gone while its session is there: the upload goes on.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseRepositoryName } from "../../src/model/names.ts";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { chunkOf } from "../support/chunks.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");

test("a claim that the database forgot ends no upload: the same chunk is taken again", async () => {
  const store = await openStore();
  try {
    const { uploads } = store.rooms;
    const { id } = await startUpload(uploads, repository);
    using database = new Database(join(store.directory, "breadbox.db"));
    const body = (async function* () {
      yield noise(10);
      // As after a crash of the database, which had not yet written the claim to its disk.
      database.run("UPDATE upload_sessions SET claim_owner = NULL");
    })();

    const chunk = { body, length: null, start: null, end: null };
    const append = appendChunk(uploads, { repository, id, chunk });

    await expect(append).rejects.toMatchObject({ situation: "BUSY", status: 503 });
    const again = appendChunk(uploads, { repository, id, chunk: chunkOf(noise(10)) });
    expect(await again).toEqual({ offset: 10 });
  } finally {
    await store.remove();
  }
});
