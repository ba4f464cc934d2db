// What a folder and a bucket differ in. Pure, but for the digests of files of equal sizes, which the caller reads.

/** A file, or an object, by its name within the folder or behind the prefix. */
export interface SyncItem {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** An object of the bucket. */
export interface RemoteItem extends SyncItem {
  /** `sha256:…` */
  readonly digest: string;
}

/** What is to be done. */
export interface SyncPlan {
  /** Names of the source that are not at the destination, or differ there. */
  readonly transfers: readonly SyncItem[];
  /** Names of the destination that the source does not have. */
  readonly extra: readonly SyncItem[];
  /** How many are the same. */
  readonly same: number;
}

/** Which way. */
export type Direction = "up" | "down";

/**
 * Compares by size, then by digest.
 * @param isSame whether the local file of this name has the object's digest; asked only where sizes are equal.
 */
export async function planSync(
  direction: Direction,
  local: readonly SyncItem[],
  remote: readonly RemoteItem[],
  isSame: (file: SyncItem, object: RemoteItem) => Promise<boolean>,
): Promise<SyncPlan> {
  const files = new Map(local.map((item) => [item.name, item]));
  const objects = new Map(remote.map((item) => [item.name, item]));
  const [source, destination] = direction === "up" ? [files, objects] : [objects, files];
  const transfers: SyncItem[] = [];
  for (const [name, item] of source) {
    const [file, object] = [files.get(name), objects.get(name)];
    const isEqual =
      file !== undefined &&
      object !== undefined &&
      file.size === object.size &&
      (await isSame(file, object));
    if (!isEqual) transfers.push(item);
  }
  const extra = [...destination.values()].filter(({ name }) => !source.has(name));
  return { transfers, extra, same: source.size - transfers.length };
}

/** The bytes of some items. */
export const bytesOf = (items: readonly SyncItem[]): number =>
  items.reduce((sum, { size }) => sum + size, 0);

/** True for what is written as a folder: `.`, `./docs`, `../docs`, `/srv/docs`. */
export const isFolder = (text: string): boolean => /^(?:\.{1,2}(?:\/|$)|\/)/.test(text);
