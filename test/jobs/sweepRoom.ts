// A store whose upload sessions are swept, and what its tests leave in it.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dropped, sweepUploads } from "../../src/jobs/sweep.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { appendChunk } from "../../src/uploads/uploads.ts";
import { chunkOf } from "../support/chunks.ts";
import { openStore } from "../support/store.ts";

export const repository = parseRepositoryName("team/app");
export const timeoutMs = 3_600_000;
export const minute = 60_000;

/** A store, and how it is swept. */
export type SweepRoom = Awaited<ReturnType<typeof openSweepRoom>>;

/** Opens a store of its own. */
export async function openSweepRoom() {
  const store = await openStore();
  const firstSeen = new Map<UploadId, number>();
  const deps = () => store.rooms.uploads;
  const folder = (name: string) => join(store.directory, "uploads", name);
  const room = {
    store,
    firstSeen,
    /** Pauses that sweeps have made. */
    rests: 0,
    deps,
    folder,
    async sweep(
      ageNow: () => number | null = store.clock.now,
      staleMs: number = timeoutMs,
    ): Promise<Dropped[]> {
      const dropped: Dropped[] = [];
      const { uploadRows: metadata, storage } = store.rooms;
      const rest = async () => {
        room.rests += 1;
      };
      const onDropped = (it: Dropped) => void dropped.push(it);
      const clocks = { clock: store.clock.now, ageNow, firstSeen };
      await sweepUploads({ metadata, storage, ...clocks, rest, onDropped }, timeoutMs, staleMs);
      return dropped;
    },
    append: (id: UploadId, bytes: Uint8Array) =>
      appendChunk(deps(), { repository, id, chunk: chunkOf(bytes) }),
    /** A folder under uploads/ that no session knows of. */
    async stray(startedAt: string | null): Promise<string> {
      const name = Bun.randomUUIDv7();
      await mkdir(folder(name));
      await writeFile(join(folder(name), "data"), "left over");
      if (startedAt !== null) await writeFile(join(folder(name), "startedat"), startedAt);
      return name;
    },
    ago: (ms: number) => new Date(store.clock.now() - ms).toISOString(),
  };
  return room;
}
