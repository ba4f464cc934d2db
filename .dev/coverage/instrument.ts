// Writes the sources with a counter at every statement, once for all processes of a run: instrumented text of each file, the layout of
// the counters, and the module that opens them. The counters are one mapped file, so that a process that is killed loses none of them.
import { chmod, mkdir, rm } from "node:fs/promises";
import type { FileCoverageData } from "istanbul-lib-coverage";
import { createInstrumenter } from "istanbul-lib-instrument";
import { packPages } from "../assets.ts";
import { countingBinary, folder, root, texts } from "./folder.ts";
import { instrumented } from "./plugin.ts";

/** Where the counters lie: 8-byte floats, which never wrap. */
const counters = `${folder}/counters`;
const layoutFile = `${folder}/layout.json`;
/** Opens the counters; every instrumented text imports it first. */
const opener = `${folder}/opener.ts`;
/** Starts Bun so that it counts, whatever its environment and its folder. The program itself is compiled where it can be: hundreds of
 *  tests start it, and reading all its sources takes longer than most of them. */
const runtime = `${folder}/bun`;
const runtimeText = `#!/bin/sh
if [ "$1" = '${root}/src/main.ts' ] && [ -x '${countingBinary}' ]; then
  shift
  exec '${countingBinary}' "$@"
fi
exec '${process.execPath}' --preload '${import.meta.dir}/preload.ts' "$@"
`;

/** A file of `src/`, and the number of its first counter: statements, functions, then the ways of each branch. */
interface Place {
  readonly file: string;
  readonly first: number;
  readonly coverage: FileCoverageData;
}

/** All files of `src/` with statements of ours, in order. */
export interface Layout {
  readonly places: readonly Place[];
  /** How many counters there are. */
  readonly length: number;
}

/** Sources of the program. Tests import them, and `drizzle/` is generated. */
const sources = new Bun.Glob("src/**/*.{ts,tsx,js}");

/** Instruments everything anew and sets all counters to 0. */
export async function instrument(): Promise<Layout> {
  await rm(folder, { recursive: true, force: true });
  const files = (await Array.fromAsync(sources.scan(root))).filter(
    (file) => !/\.d\.ts$/.test(file),
  );
  const places: Place[] = [];
  let length = 0;
  for (const file of files.sort()) {
    const place = await instrumentFile(file, length);
    places.push(place);
    length += countersOf(place.coverage);
  }
  const layout = { places, length };
  await Bun.write(layoutFile, JSON.stringify(layout));
  await Bun.write(counters, new Uint8Array(8 * length));
  // Some tests run the program as another user.
  await chmod(counters, 0o666);
  await Bun.write(opener, openerText(length));
  await packPages(texts, [instrumented]);
  await Bun.write(runtime, runtimeText);
  await chmod(runtime, 0o755);
  return layout;
}

/** The layout of the last {@link instrument}, and what was counted since. */
export async function readCounters(): Promise<Layout & { readonly hits: Float64Array }> {
  const layout: Layout = await Bun.file(layoutFile).json();
  return { ...layout, hits: new Float64Array(await Bun.file(counters).arrayBuffer()) };
}

async function instrumentFile(file: string, first: number): Promise<Place> {
  const path = `${root}/${file}`;
  const instrumenter = createInstrumenter({
    esModules: true,
    compact: false,
    parserPlugins: file.endsWith("x") ? ["typescript", "jsx"] : ["typescript"],
    // Stack traces name the lines of the source.
    generatorOpts: { retainLines: true },
  });
  const text = instrumenter.instrumentSync(await Bun.file(path).text(), path);
  const coverage = instrumenter.lastFileCoverage();
  const target = `${texts}/${file}`;
  await mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  await Bun.write(
    target,
    `import ${JSON.stringify(opener)};${servingPacked(file, counting(text, coverage, first))}`,
  );
  return { file, first, coverage };
}

/** Pages are given the scripts that count. */
const servingPacked = (file: string, text: string): string =>
  file === "src/pages/assets.ts"
    ? text.replaceAll('"./assets/', `"${texts}/src/pages/assets/`)
    : text;

/** Istanbul's own counters are objects of each process: what it increments becomes a number of the mapped file. */
function counting(text: string, coverage: FileCoverageData, first: number): string {
  const { functions, branches } = startsOf(coverage);
  const bare = text.replace(
    /function (cov_\w+)\(\) ?\{[\s\S]*?return actualCoverage;\s*\}\s*\1\(\);/,
    "",
  );
  if (bare === text) throw new Error("istanbul wrote its counters in another form than expected");
  return bare
    .replace(/cov_\w+\(\)\.s\[(\d+)\]/g, (_, index) => hit(first + Number(index)))
    .replace(/cov_\w+\(\)\.f\[(\d+)\]/g, (_, index) => hit(first + functions + Number(index)))
    .replace(/cov_\w+\(\)\.b\[(\d+)\]\[(\d+)\]/g, (_, branch, way) =>
      hit(first + (branches[Number(branch)] ?? 0) + Number(way)),
    );
}

const hit = (counter: number): string => `breadboxHits[${counter}]`;

/** Where the counters of functions begin, and those of each branch, behind a file's first one. */
export function startsOf({ s, f, b }: FileCoverageData) {
  const functions = Object.keys(s).length;
  let next = functions + Object.keys(f).length;
  const branches = Object.values(b).map((ways) => {
    next += ways.length;
    return next - ways.length;
  });
  return { functions, branches, end: next };
}

const countersOf = (coverage: FileCoverageData): number => startsOf(coverage).end;

/**
 * Where the file is out of reach (in a container), a process counts for itself and nobody sees it. A browser reports each counter once,
 * to the function that `test/support/browser.ts` has given it.
 */
const openerText = (length: number): string => `
const scope = globalThis as unknown as { breadboxHits?: Float64Array; breadboxHit?: (counter: number) => void };
scope.breadboxHits ??= open();
function open(): Float64Array {
  try {
    return new Float64Array(Bun.mmap(${JSON.stringify(counters)}, { shared: true }).buffer, 0, ${length});
  } catch {
    return typeof Bun === "undefined" ? reporting() : new Float64Array(${length});
  }
}
function reporting(): Float64Array {
  return new Proxy(new Float64Array(${length}), {
    get: (target, name) => target[Number(name)],
    set(target, name, value) {
      if (target[Number(name)] === 0) scope.breadboxHit?.(Number(name));
      target[Number(name)] = value;
      return true;
    },
  });
}
`;
