// The entries of a folder that may have a million of them: Bun reads all of a folder before it shows the first one.
import { ptr } from "bun:ffi";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { loadLibC } from "./libc.ts";

/** What a folder has under a name. */
export interface FolderEntry {
  readonly name: string;
  /** @returns false for a link to a folder. */
  isFolder(): Promise<boolean>;
}

/** The numbers of `getdents64`. */
const numbers: Partial<Record<NodeJS.Architecture, number>> = { x64: 217, arm64: 61 };
/** Names of a thousand sessions. */
const batchBytes = 64 * 1024;
/** A `linux_dirent64`: its length and type, where its name begins; and the types of a folder and of one that the file system does not tell. */
const [lengthAt, typeAt, nameAt] = [16, 18, 19];
const [folderType, unknownType] = [4, 0];

/** Lists a folder, a batch at a time. `.` and `..` are not among them. @throws Error when it cannot be read to its end. */
export async function* folderEntries(folder: string): AsyncGenerator<FolderEntry> {
  if (loadLibC() === null || numbers[process.arch] === undefined) {
    for await (const { name } of await opendir(folder)) {
      yield { name, isFolder: () => isFolder(join(folder, name)) };
    }
    return;
  }
  const opened = await open(folder, "r");
  try {
    for (let batch = read(opened, folder); batch.length > 0; batch = read(opened, folder)) {
      for (const { name, type } of batch) {
        if (name === "." || name === "..") continue;
        const known = type === unknownType ? null : type === folderType;
        yield { name, isFolder: async () => known ?? isFolder(join(folder, name)) };
      }
    }
  } finally {
    await opened.close();
  }
}

/** @returns false for what is gone meanwhile. */
const isFolder = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => null))?.isDirectory() ?? false;

/** The next ones. */
function read({ fd }: FileHandle, folder: string): readonly { name: string; type: number }[] {
  const bytes = new Uint8Array(batchBytes);
  const call = numbers[process.arch] ?? -1;
  const length = Number(loadLibC()?.syscall(call, fd, ptr(bytes), batchBytes, 0, 0, 0) ?? -1);
  if (length < 0) throw new Error(`the names in ${folder} cannot be read`);
  const found = [];
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += view.getUint16(at + lengthAt, true)) {
    const name = bytes.subarray(at + nameAt, bytes.indexOf(0, at + nameAt));
    found.push({ name: new TextDecoder().decode(name), type: view.getUint8(at + typeAt) });
  }
  return found;
}
