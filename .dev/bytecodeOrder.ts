// `sh .dev/bun .dev/bytecodeOrder.ts` notes in .dev/bytecode.order which functions a start uses: the build puts their bytecode together, so
// that an idle server has fewer pages of the executable in memory. To be run now and then; functions that have changed since are not found.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildIfStale, bytecodeOrder } from "../build.ts";
import { readOptions } from "./options.ts";

const binary = join(import.meta.dir, "..", "dist", "breadbox");
/** As long as a server does something after its start by itself. Unit: ms. */
const startingMs = 8_000;
/** The version of the file, and functions and modules. Constants and strings are nearly all of the file, and a tenth of the gain. */
const kept = /^(?:v\d+$|[FM] )/;

readOptions({
  name: "sh .dev/bun .dev/bytecodeOrder.ts",
  about: "Writes into .dev/bytecode.order which functions a start uses.",
  options: {},
});
await buildIfStale();
const folder = await mkdtemp(join(tmpdir(), "breadbox-order-"));
try {
  const order = join(folder, "order");
  const server = Bun.spawn(
    [binary, "serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"],
    { env: { ...process.env, BUN_BYTECODE_ORDER_OUT: order }, stdout: "ignore" },
  );
  await Bun.sleep(startingMs);
  server.kill("SIGTERM");
  await server.exited;
  const lines = (await Bun.file(order).text()).split("\n").filter((line) => kept.test(line));
  await Bun.write(bytecodeOrder, `${lines.join("\n")}\n`);
  console.log(`${lines.length - 1} functions and modules`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
