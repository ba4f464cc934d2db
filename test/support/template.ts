// A data directory that was made once, and is copied for each test that ruins it.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "./processes.ts";
import type { Scope } from "./scope.ts";
import type { openStore } from "./store.ts";

/** A directory to copy. */
export interface DataTemplate {
  readonly directory: string;
  /** A fresh copy, which goes with `scope`. */
  copy(scope: Scope): Promise<string>;
}

/** Closes a store and keeps its directory until `scope` closes. */
export async function keepAsTemplate(
  scope: Scope,
  store: Awaited<ReturnType<typeof openStore>>,
): Promise<DataTemplate> {
  const directory = tempFolder(scope, "template");
  await store.rooms.close();
  await cp(store.directory, directory, { recursive: true });
  return {
    directory,
    copy: async (inner) => {
      const data = join(tempFolder(inner, "copy"), "data");
      await cp(directory, data, { recursive: true });
      return data;
    },
  };
}
