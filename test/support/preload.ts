// Before the tests of a process: the pages import what the build packs, and a folder of tests alone has no build before it.
// After each test: the umask of a command that ran in this process would be that of the files of later tests.
import { afterEach } from "bun:test";
import { prepareAssets } from "../../.dev/assets.ts";

await prepareAssets();

const umask = process.umask();
afterEach(() => {
  process.umask(umask);
});
