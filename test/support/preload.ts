// Before the tests of a process: the pages import what the build packs, and a folder of tests alone has no build before it.
import { prepareAssets } from "../../.dev/assets.ts";

await prepareAssets();
