// Files that are opened on the thread that answers everybody: what might wait for a disk, or is no file of ours, is left to others.
import { expect, test } from "bun:test";
import { closeSync, fstatSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCached } from "../../src/storage/filesystem/reading/openCached.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

test.if(process.platform === "linux")(
  "a file whose name is in memory is opened; what is absent, and a link, is not",
  async () => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "cached");
    const [file, link] = [join(folder, "größe"), join(folder, "link")];
    writeFileSync(file, "four");
    symlinkSync(file, link);

    const opened = openCached(file);
    if (opened === null) throw new Error("it was not opened");
    scope.defer(() => closeSync(opened));

    expect(fstatSync(opened).size).toBe(4);
    expect([openCached(link), openCached(join(folder, "absent"))]).toEqual([null, null]);
    expect(openCached(join(folder, "absent", "file"))).toBeNull();
  },
);
