// A data directory with one of everything that a collection meets, made long ago, so that it can be copied and collected again and
// again: what lives, and every kind of garbage.
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf, hexOf } from "../../src/model/digest.ts";
import { limitsAt } from "../contract/metadataRows.ts";
import type { Scope } from "../support/scope.ts";
import { type DataTemplate, keepAsTemplate } from "../support/template.ts";
import { app, openGcRoom, other } from "./gcRoom.ts";

/** What must be left of a copy when everything is collected. */
export interface Living {
  readonly repository: string;
  /** Its manifest. */
  readonly manifest: { readonly digest: string };
  readonly blobs: readonly { readonly digest: string }[];
}

/** A directory to copy. */
export interface Template extends Pick<DataTemplate, "copy"> {
  readonly living: readonly Living[];
  /** A manifest that lives, and whose blobs nobody else needs. */
  readonly doomed: Living;
  /** Linked by a repository, and named by nobody. */
  readonly loose: { readonly repository: string; readonly digest: string };
  /** A file that no row names, and the folder of files it stands in; from the data directory. */
  readonly stray: string;
  /** The hash of what an earlier run has taken out of the database, but not off the disk. */
  readonly halfCollected: string;
}

/** Bytes of one name are one blob, whoever pushes them. */
const layers = ["layer one", "layer two"];

/** Makes it. Its clock stood at the beginning of 2026: every lease is over. */
export async function makeTemplate(scope: Scope): Promise<Template> {
  const room = await openGcRoom();
  try {
    const kept = await room.pushImage(layers);
    const doomed = await room.pushImage(["layer of the doomed", "layer two"], other);
    const loose = await room.push("layer one", other);
    await room.deleteImage(await room.pushImage(["deleted one", "deleted two", "layer one"]));
    await room.push("never named");
    const halfCollected = hexOf(await leaveTrash(room));
    const stray = await leaveStray(room);
    const living = { repository: app, manifest: { digest: kept }, blobs: blobsOf(layers) };
    const { copy } = await keepAsTemplate(scope, room.store);
    return {
      living: [living],
      doomed: {
        repository: other,
        manifest: { digest: doomed },
        blobs: blobsOf(["layer of the doomed", "layer two"]),
      },
      loose: { repository: other, digest: loose },
      stray,
      halfCollected,
      copy,
    };
  } finally {
    await room.store.remove();
  }
}

const blobsOf = (texts: readonly string[]) =>
  texts.map((text) => ({ digest: digestOf(new TextEncoder().encode(text)) }));

type Room = Awaited<ReturnType<typeof openGcRoom>>;

/** A run that was broken off between its transaction and its files. */
async function leaveTrash({ push, store }: Room): Promise<Digest> {
  const digest = await push("half collected");
  const { collection, locks } = store.rooms.metadata;
  const now = store.clock.now() + 10 * 3_600_000;
  const lock = { name: "gc", owner: "gone", now, lastsMs: 1, dead: null } as const;
  const outcome = await locks.acquireLock(lock);
  if (outcome.kind !== "acquired") throw new Error("the lock of an empty store is held");
  const limits = limitsAt(now);
  await collection.discardContents(outcome.hold, [digest], () => limits, []);
  await locks.releaseLock(outcome.hold);
  return digest;
}

/** An upload that was broken off between its name and its row. */
async function leaveStray({ store }: Room): Promise<string> {
  const [name] = (await Array.fromAsync(store.rooms.storage.content.list())).flat();
  if (name === undefined) throw new Error("nothing is stored");
  const prefix = "ee";
  const stray = `sha256/${prefix}/${prefix.repeat(32)}.${Bun.randomUUIDv7("hex", store.clock.now())}`;
  await mkdir(join(store.directory, "blobs", "sha256", prefix), { recursive: true });
  await copyFile(
    join(store.directory, "blobs", name.locator),
    join(store.directory, "blobs", stray),
  );
  return join("blobs", stray);
}
