// Before the tests of a process: the pages import what the build packs, and a folder of tests alone has no build before it.
// After each test: what is the process's own would be that of the files of later tests. The umask of a command that ran here is put
// back; a test that leaves another folder or variable fails by itself.
import { afterEach } from "bun:test";
import { prepareAssets } from "../../.dev/assets.ts";

await prepareAssets();

/** What a test may not leave changed, in words. */
const stateOf = (): string =>
  JSON.stringify({ folder: process.cwd(), variables: { ...process.env } });

const umask = process.umask();
let before = stateOf();
afterEach(() => {
  process.umask(umask);
  const after = stateOf();
  if (after === before) return;
  const told = `the process was left in another state: ${difference(before, after)}`;
  before = after;
  throw new Error(told);
});

/** Both, from where they begin to differ. */
function difference(one: string, other: string): string {
  let same = 0;
  while (one[same] === other[same]) same += 1;
  const shown = (text: string): string => text.slice(Math.max(0, same - 40), same + 40);
  return `…${shown(one)}… became …${shown(other)}…`;
}
