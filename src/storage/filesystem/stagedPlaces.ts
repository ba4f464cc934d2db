// Paths of staged bytes below the data directory: an upload session has one folder, an object on its way in another.
// Apart from the rest of the storage so that a worker loads nothing else.
import { join } from "node:path";
import type { StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Staged } from "../staging.ts";

/** Of upload sessions: nothing has to be known of their staged files but the id. */
export const noState = "" as StagingState;
/** Of objects: `whole` is a put of one request, or the assembled parts next to it. */
export const partsState = "multipart" as StagingState;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @returns the id that a folder is named by; null when it is not one of ours. */
export function readFolderName(name: string): UploadId | null {
  return uuid.test(name) ? (name as UploadId) : null;
}

/** Absolute paths. */
export interface StagedPlace {
  /** Has one folder for each id. */
  readonly parent: string;
  readonly folder: string;
  /** The staged bytes. */
  readonly file: string;
}

/** @param directory the data directory. */
export function placeOf(
  directory: string,
  { id, staging }: Pick<Staged, "id" | "staging">,
): StagedPlace {
  const isObject = staging === partsState;
  const parent = isObject ? multipartFolder(directory) : join(directory, "uploads");
  const folder = join(parent, id);
  return { parent, folder, file: join(folder, isObject ? "whole" : "data") };
}

/** Parts of objects, and what is put together from them. */
export function multipartFolder(directory: string): string {
  return join(directory, "tmp", "multipart");
}
