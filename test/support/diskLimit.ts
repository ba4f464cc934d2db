// A slow disk: the kernel lets a process read so many bytes a second from the disk that a folder is on. Needs root and a control group.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

const groups = "/sys/fs/cgroup";
/** Of control groups, version 1; where it is absent they are version 2. */
const blkio = join(groups, "blkio");

/** A limit that holds. */
export interface DiskLimit {
  /** Bytes a second; null for none. */
  set(bytesPerSecond: number | null): void;
}

/** Takes a process under a limit, none at first. Given back when the scope closes. @throws where the kernel has no such limit. */
export function limitReads(scope: Scope, pid: number, folder: string): DiskLimit {
  const device = diskOf(folder);
  const old = existsSync(blkio);
  const parent = old ? blkio : groups;
  if (!old) writeFileSync(join(parent, "cgroup.subtree_control"), "+io");
  const group = join(parent, `breadbox-bench-${pid}`);
  mkdirSync(group);
  // A group can be removed once nobody is in it.
  scope.defer(async () => {
    writeFileSync(join(parent, "cgroup.procs"), String(pid));
    await waitFor("an empty control group", () => removed(group));
  });
  writeFileSync(join(group, "cgroup.procs"), String(pid));
  const file = join(group, old ? "blkio.throttle.read_bps_device" : "io.max");
  return {
    set: (bytesPerSecond) => {
      const limit = old ? `${bytesPerSecond ?? 0}` : `rbps=${bytesPerSecond ?? "max"}`;
      writeFileSync(file, `${device} ${limit}`);
    },
  };
}

function removed(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}

/** `major:minor` of the whole disk: partitions have no limit of their own. */
function diskOf(folder: string): string {
  const { dev } = statSync(folder);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const path = `/sys/dev/block/${major}:${minor}`;
  if (!existsSync(path)) throw new Error(`${folder} is on no disk`);
  if (!existsSync(join(path, "partition"))) return `${major}:${minor}`;
  return readFileSync(join(realpathSync(path), "..", "dev"), "utf8").trim();
}
