// Limits that the kernel holds a process to: control groups of version 1 or 2. Needs root.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "./processes.ts";
import type { Scope } from "./scope.ts";

const groups = "/sys/fs/cgroup";

/** A controller by its names in version 1 and 2. */
interface Controller {
  readonly old: string;
  readonly now: string;
}

/** A group with one process. */
export interface ControlGroup {
  /** Version 1, where each controller has a tree of its own. */
  readonly isOld: boolean;
  /** Writes a limit. @param file its name in the group. */
  write(file: string, text: string): void;
}

/** Puts a process into a group of its own. Given back when the scope closes. @throws where the kernel has no such controller. */
export function controlGroup(scope: Scope, pid: number, controller: Controller): ControlGroup {
  const tree = join(groups, controller.old);
  const isOld = existsSync(tree);
  const parent = isOld ? tree : groups;
  if (!isOld) writeFileSync(join(parent, "cgroup.subtree_control"), `+${controller.now}`);
  const group = join(parent, `breadbox-bench-${pid}`);
  mkdirSync(group);
  // A group can be removed once nobody is in it.
  scope.defer(async () => {
    if (existsSync(`/proc/${pid}`)) writeFileSync(join(parent, "cgroup.procs"), String(pid));
    await waitFor("an empty control group", () => removed(group));
  });
  writeFileSync(join(group, "cgroup.procs"), String(pid));
  return { isOld, write: (file, text) => writeFileSync(join(group, file), text) };
}

function removed(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}

/** Lets a process have so much memory, the page cache of its files included. Unit: bytes. */
export function limitMemory(scope: Scope, pid: number, bytes: number): void {
  const group = controlGroup(scope, pid, { old: "memory", now: "memory" });
  group.write(group.isOld ? "memory.limit_in_bytes" : "memory.max", String(bytes));
}
