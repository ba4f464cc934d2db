// Staged bytes that are dropped, and the list of those that nothing may know any more.
import type { StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { StagedEntry } from "../staging.ts";
import {
  contentOf,
  contentOwner,
  folders,
  type KeyKind,
  partsFolder,
  stagedOwner,
  stagingFolder,
} from "./names.ts";
import type { Placing } from "./placing.ts";
import type { Sealing } from "./sealing.ts";
import { parseState } from "./state.ts";
import { inLanes, type S3Tools } from "./tools.ts";

/** The state of staged bytes that were found by their names. */
const unknown = "" as StagingState;
/** Deletions at a time. */
const lanes = 8;

/** Its dependencies. */
export interface LeftoversOptions {
  readonly tools: S3Tools;
  readonly placing: Placing;
  readonly sealing: Sealing;
}

/** Drops staged bytes. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  readonly #dropping = new Set<Promise<unknown>>();

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** In the background; what fails is found by its list. Keys that a seal has returned stay. */
  drop(id: UploadId, keys: readonly string[]): void {
    const { tools, sealing } = this.#options;
    const sealed = sealing.sealedKey(id);
    const removing = inLanes(
      keys.filter((key) => key !== sealed),
      lanes,
      (key) => tools.objects.remove(key),
    ).catch(() => {});
    this.#dropping.add(removing);
    void removing.finally(() => this.#dropping.delete(removing));
  }

  /** Everything that a session's row knows of, but for what a seal has returned. */
  async discard(id: UploadId, staging: StagingState): Promise<void> {
    const { tools, placing, sealing } = this.#options;
    if (staging === unknown) return this.discardFound(id, "session");
    const { key, upload, tail, stale } = parseState(staging);
    const sealed = sealing.sealedKey(id);
    const isStored = !placing.isHeld(id);
    sealing.forget(id);
    const old = tail === null ? stale : [...stale, tail];
    if (sealed === key) return this.drop(id, old);
    if (upload !== null) await tools.uploads.abort({ key, upload });
    const all = isStored || upload !== null ? [...old, key] : old;
    await inLanes(
      all.filter((each) => each !== sealed),
      lanes,
      (each) => tools.objects.remove(each),
    );
  }

  /** Everything staged for an id, found by its names. Content is not staged. */
  async discardFound(id: UploadId, kind: "session" | "parts"): Promise<void> {
    const { objects, uploads } = this.#options.tools;
    for await (const found of uploads.list(contentOf(id))) {
      const ours = found.filter(({ key }) => isOf(kind, contentOwner(key)?.kind));
      await inLanes(ours, lanes, (each) => uploads.abort(each));
    }
    const folder = kind === "session" ? stagingFolder(id) : partsFolder(id);
    for await (const found of uploads.list(folder)) {
      await inLanes(found, lanes, (each) => uploads.abort(each));
    }
    for await (const found of objects.list(folder)) {
      await inLanes(found, lanes, ({ key }) => objects.remove(key));
    }
  }

  /** Sessions with bytes in a bucket: a session without any is known to its row only. */
  async *listSessions(): AsyncGenerator<StagedEntry> {
    for (const [id, startedAt] of await this.#list("session")) {
      yield { id, startedAt: async () => startedAt, staging: unknown };
    }
  }

  /** Uploads in parts, and objects that come whole, with bytes in the bucket. */
  async *listParts(): AsyncGenerator<UploadId> {
    yield* (await this.#list("parts")).keys();
  }

  /** @returns when the oldest bytes of each came, Unix ms. */
  async #list(kind: "session" | "parts"): Promise<Map<UploadId, number>> {
    const { objects, uploads } = this.#options.tools;
    const found = new Map<UploadId, number>();
    const note = (id: UploadId | null | undefined, at: number) => {
      if (id) found.set(id, Math.min(at, found.get(id) ?? at));
    };
    for await (const page of uploads.list(folders.data)) {
      for (const { key, startedAt } of page) {
        const owner = contentOwner(key);
        if (isOf(kind, owner?.kind)) note(owner?.id, startedAt);
      }
    }
    const folder = kind === "session" ? folders.staging : folders.parts;
    for await (const page of uploads.list(folder)) {
      for (const { key, startedAt } of page) note(stagedOwner(key), startedAt);
    }
    for await (const page of objects.list(folder)) {
      for (const { key, modifiedAt } of page) note(stagedOwner(key), modifiedAt);
    }
    return found;
  }

  /** Waits for what is dropped in the background. */
  async close(): Promise<void> {
    await Promise.all(this.#dropping);
  }
}

const isOf = (kind: "session" | "parts", found: KeyKind | undefined): boolean =>
  found !== undefined && (found === "session") === (kind === "session");
