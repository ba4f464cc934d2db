// Folders as maps from name to bytes, to compare what went in with what came out.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** File name, relative and with `/`, → its bytes. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Reads all regular files under a folder. */
export function readFolder(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    names
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  );
}

/** Names of files that only one side has or whose bytes differ; empty when both are the same. */
export function differences(a: Files, b: Files): string[] {
  const same = (name: string): boolean => {
    const [left, right] = [a.get(name), b.get(name)];
    return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
  };
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => !same(name));
}
