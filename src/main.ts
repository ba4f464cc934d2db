// Entry point: argv → command → exit code. The only place that ends the process.
import { run } from "./cli/program.ts";

process.exit(await run(process.argv.slice(2)));
