// A slow disk: the kernel lets a process do so much a second on the disk that a folder is on. Needs root and a control group.
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { controlGroup } from "./controlGroup.ts";
import type { Scope } from "./scope.ts";

/** What is allowed in a second; null or nothing for no limit. */
export interface DiskRate {
  readonly bytesRead?: number | null;
  /** Reads, and as many writes. */
  readonly operations?: number | null;
}

/** A limit that holds. */
export interface DiskLimit {
  set(rate: DiskRate): void;
}

/** Takes a process under a limit, none at first. Given back when the scope closes. @throws where the kernel has no such limit. */
export function limitDisk(scope: Scope, pid: number, folder: string): DiskLimit {
  const device = diskOf(folder);
  const group = controlGroup(scope, pid, { old: "blkio", now: "io" });
  const setOld = (what: string, value: number | null) =>
    group.write(`blkio.throttle.${what}_device`, `${device} ${value ?? 0}`);
  return {
    set: ({ bytesRead = null, operations = null }) => {
      if (group.isOld) {
        setOld("read_bps", bytesRead);
        setOld("read_iops", operations);
        setOld("write_iops", operations);
      } else {
        const [bytes, count] = [bytesRead ?? "max", operations ?? "max"];
        group.write("io.max", `${device} rbps=${bytes} riops=${count} wiops=${count}`);
      }
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
