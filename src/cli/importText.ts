// What `breadbox import` prints. Pure.

import { counted, showBytes } from "../amounts.ts";
import type { BlobWay, ImportProblem, ImportReport, ImportRequest } from "../import/report.ts";

/** Problems that are listed; --json has all of them. */
const listed = 20;

const ways: readonly (readonly [BlobWay, string])[] = [
  ["link", "shared with the source by link, without copying"],
  ["clone", "shared with the source by the file system, without copying"],
  ["copy", "copied"],
  ["download", "downloaded"],
  ["stored", "stored here already"],
];

/** The account of an import. */
export function importText(report: ImportReport, { dryRun, overwriteTags }: ImportRequest): string {
  const { tags, manifests, repositories, source } = report;
  const lines = [
    `${dryRun ? "A dry run: this would be imported" : "Imported"} from ${source}:`,
    `  ${counted(repositories, "repository").replace("repositorys", "repositories")}, ${counted(tags.imported, "tag")}, ${counted(manifests.imported, "manifest")}`,
    ...blobLines(report, dryRun),
  ];
  if (tags.here + manifests.here > 0) {
    lines.push(
      `  Here before: ${counted(tags.here, "tag")}, ${counted(manifests.here, "manifest")}`,
    );
  }
  if (report.kept.length > 0) {
    const advice = overwriteTags ? "" : "; --overwrite-tags moves them";
    lines.push("", `${counted(report.kept.length, "tag")} left as they are here${advice}:`);
    lines.push(...list(report.kept));
  }
  if (report.problems.length > 0) {
    lines.push("", `Not imported (${report.problems.length}):`, ...list(report.problems));
    lines.push("Everything else was imported. Run the command again after a repair: it goes on.");
  }
  return lines.join("\n");
}

function blobLines({ blobs }: ImportReport, dryRun: boolean): string[] {
  return ways.flatMap(([way, meaning]) => {
    const { blobs: count, bytes } = blobs[way];
    const words = dryRun && way === "link" ? "shared where it can be, else copied" : meaning;
    return count === 0 ? [] : [`  ${counted(count, "blob")}, ${showBytes(bytes)}: ${words}`];
  });
}

function list(problems: readonly ImportProblem[]): string[] {
  const shown = problems.slice(0, listed).map(({ repository, reference, reason }) => {
    const name = reference === null ? repository : `${repository} ${reference}`;
    return `  ${name}: ${reason}`;
  });
  const more = problems.length - shown.length;
  return more > 0 ? [...shown, `  and ${more} more: --json lists all`] : shown;
}
