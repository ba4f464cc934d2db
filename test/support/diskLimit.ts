// A slow disk: the kernel lets a process read so many bytes a second from the disk that a folder is on. Needs root and a control group.
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { controlGroup } from "./controlGroup.ts";
import type { Scope } from "./scope.ts";

/** A limit that holds. */
export interface DiskLimit {
  /** Bytes a second; null for none. */
  set(bytesPerSecond: number | null): void;
}

/** Takes a process under a limit, none at first. Given back when the scope closes. @throws where the kernel has no such limit. */
export function limitReads(scope: Scope, pid: number, folder: string): DiskLimit {
  const device = diskOf(folder);
  const group = controlGroup(scope, pid, { old: "blkio", now: "io" });
  return {
    set: (bytesPerSecond) => {
      if (group.isOld)
        group.write("blkio.throttle.read_bps_device", `${device} ${bytesPerSecond ?? 0}`);
      else group.write("io.max", `${device} rbps=${bytesPerSecond ?? "max"}`);
    },
  };
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
