// Entry point: argv → command → exit code. The only place that ends the process.
import { run } from "./cli/program.ts";

/** Until then the executable interprets more than usual (`build.ts`): what still runs now is worth compiling. Unit: ms. */
const startingMs = 1_000;
setTimeout(() => Bun.unsafe.setJITPolicy(1), startingMs).unref();

process.exit(await run(process.argv.slice(2)));
