// What the counters of a run amount to: figures for each room, lcov and pages for browsers.
import { type CoverageMap, createCoverageMap, type FileCoverageData } from "istanbul-lib-coverage";
import { createContext } from "istanbul-lib-report";
import { create } from "istanbul-reports";
import { folder } from "./folder.ts";
import { type Layout, startsOf } from "./instrument.ts";

/** Where `lcov.info` and `index.html` are written. */
export const reportFolder = `${folder}/report`;

/** Each file's coverage, with the numbers that all processes counted. */
export function coverageOf({ places }: Layout, hits: Float64Array): CoverageMap {
  const map = createCoverageMap();
  for (const { first, coverage } of places) map.addFileCoverage(counted(coverage, first, hits));
  return map;
}

function counted(coverage: FileCoverageData, first: number, hits: Float64Array): FileCoverageData {
  const { functions, branches } = startsOf(coverage);
  const at = (counter: number): number => hits[first + counter] ?? 0;
  const numbered = (names: object, start: number) =>
    Object.fromEntries(Object.keys(names).map((name, index) => [name, at(start + index)]));
  return {
    ...coverage,
    s: numbered(coverage.s, 0),
    f: numbered(coverage.f, functions),
    b: Object.fromEntries(
      Object.entries(coverage.b).map(([name, ways], branch) => [
        name,
        ways.map((_, way) => at((branches[branch] ?? 0) + way)),
      ]),
    ),
  };
}

/** Writes `lcov.info`, `index.html` and what that links to. */
export function writeReports(coverageMap: CoverageMap): void {
  const context = createContext({ dir: reportFolder, coverageMap });
  create("lcov").execute(context);
  create("json").execute(context);
}

/** Statements that ran, in percent, of the whole and of each room, the least covered first. */
export interface Share {
  readonly name: string;
  readonly total: number;
  readonly covered: number;
}

/** @param source the folder that the rooms are in, with a slash at the end. */
export function sharesOf(map: CoverageMap, source: string): readonly Share[] {
  const rooms = new Map<string, { total: number; covered: number }>();
  for (const file of map.files()) {
    const path = file.slice(source.length);
    const room = path.includes("/") ? `${path.split("/")[0]}/` : path;
    const { total, covered } = map.fileCoverageFor(file).toSummary().statements;
    const sum = rooms.get(room) ?? { total: 0, covered: 0 };
    rooms.set(room, { total: sum.total + total, covered: sum.covered + covered });
  }
  const shares = Array.from(rooms, ([name, sum]) => ({ name, ...sum }));
  return shares.filter(({ total }) => total > 0).sort((a, b) => percent(a) - percent(b));
}

/** Of nothing, everything. */
export const percent = ({ total, covered }: Pick<Share, "total" | "covered">): number =>
  total === 0 ? 100 : (100 * covered) / total;
