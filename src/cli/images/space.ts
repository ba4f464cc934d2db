// `breadbox du` and `breadbox status`: what the space is used for, and how the server is.
import { clock } from "../../ambient.ts";
import { counted, showBytes, showTime } from "../../amounts.ts";
import type { PrintedStatus, PrintedUsage } from "../../images/printed.ts";
import { isAhead } from "../../model/steering.ts";
import { exitCode } from "../exitCode.ts";
import { print, printAnswer } from "../print.ts";
import { type Options, textOf } from "../settingFlags.ts";
import { table } from "../table.ts";
import { ageOf } from "./lists.ts";
import { misused, withImages } from "./source.ts";

/** Prints what the space is used for. @throws ConfigError */
export function diskUsage(options: Options): Promise<number> {
  const by = textOf(options, "by");
  if (by !== undefined && by !== "repository") {
    return Promise.resolve(misused("du", "--by: only repository."));
  }
  return withImages("du", options, async (source) => {
    const usage = await source.usage();
    if (options["json"] === true) printAnswer(usage);
    else print(by === undefined ? usageText(usage) : byRepositoryText(usage));
    return exitCode.done;
  });
}

/** Bytes by what holds them. */
export function usageText({ held_by: held, ...usage }: PrintedUsage): string {
  const reclaimable = held.loose + held.untagged;
  const rows = [
    ["Stored", showBytes(usage.size_bytes), counted(usage.blobs, "blob")],
    ["  by tags", showBytes(held.tags), ""],
    ["  by referrers", showBytes(held.referrers), "signatures, SBOMs …"],
    ["  by objects", showBytes(held.objects), "of buckets"],
    [
      "  by untagged",
      showBytes(held.untagged),
      `${counted(usage.untagged_manifests, "manifest")} without a name`,
    ],
    ["  by leases", showBytes(held.leases), "pushed a short while ago"],
    ["  by nothing", showBytes(held.loose), "deleted by the next collection"],
    ["Not stored twice", showBytes(usage.saved_bytes), "held by several repositories or buckets"],
    ["Open uploads", showBytes(usage.upload_bytes), counted(usage.uploads, "upload")],
    ["Reclaimable", showBytes(reclaimable), ""],
  ];
  const advice = [
    ...(held.loose === 0 ? [] : [`To reclaim ${showBytes(held.loose)}: breadbox gc`]),
    ...(held.untagged === 0
      ? []
      : [
          `To reclaim ${showBytes(held.untagged)} of manifests without a name: breadbox gc --untagged 1d`,
        ]),
  ];
  return [table(rows), ...advice].join("\n");
}

/** Repositories, those first that give back the most. */
export function byRepositoryText({ repositories }: PrintedUsage): string {
  const sorted = repositories.toSorted(
    (one, other) =>
      (other.unique_bytes ?? 0) - (one.unique_bytes ?? 0) || (one.name < other.name ? -1 : 1),
  );
  const rows = sorted.map((row) => [
    row.name,
    showBytes(row.size_bytes),
    row.unique_bytes === null ? "-" : showBytes(row.unique_bytes),
    showBytes(row.untagged_bytes),
    `${row.tags}`,
  ]);
  return table([["REPOSITORY", "SIZE", "UNIQUE", "UNTAGGED", "TAGS"], ...rows]);
}

/** Prints how the server is. @returns 0 only when nothing is wrong. @throws ConfigError */
export function showStatus(options: Options): Promise<number> {
  return withImages("status", options, async (source) => {
    const status = await source.status();
    if (options["json"] === true) printAnswer(status);
    else print(statusText(status, clock()));
    const isWrong =
      !status.server.running || status.warnings.some(({ level }) => level === "problem");
    return isWrong ? exitCode.failed : exitCode.done;
  });
}

const doors = {
  open: "open to everybody",
  empty: "closed, and nobody can log in",
  closed: "with a login",
};

/** One screen. @param now Unix ms. */
export function statusText(
  { server, space, last_collection: last, ...status }: PrintedStatus,
  now: number,
): string {
  const where = `${server.scheme}://${server.listen}`;
  const rows = [
    ["Breadbox", status.version],
    ["Server", server.running ? `${where}, ${doors[server.door]}` : "not running"],
    ["Users", `${status.users}`],
    ["Stored", `${showBytes(status.size_bytes)} in ${counted(status.blobs, "blob")}`],
    [
      "Images",
      `${counted(status.tags, "tag")} in ${status.repositories === 1 ? "1 repository" : `${status.repositories} repositories`}`,
    ],
    [
      "Free",
      space === null
        ? "without end"
        : `${showBytes(space.free_bytes)} of ${showBytes(space.total_bytes)}`,
    ],
    ["Uploads", `${status.uploads} open, ${showBytes(status.upload_bytes)}`],
    ["Collection", collectionText(last, now)],
    ["Backup", backupText(status, now)],
  ];
  const signs = { problem: "!", note: "-" } as const;
  return [table(rows), ...status.warnings.map(({ level, text }) => `${signs[level]} ${text}`)].join(
    "\n",
  );
}

function collectionText(last: PrintedStatus["last_collection"], now: number): string {
  if (last === null) return "none yet";
  const age = agoOf(last.started_at, now);
  if (last.state !== "done") return `${last.state}, ${age}`;
  return `${age}, ${showBytes(last.deleted_bytes)} reclaimed`;
}

function backupText(
  { last_backup_at: at, last_backup: last }: Pick<PrintedStatus, "last_backup" | "last_backup_at">,
  now: number,
): string {
  if (at === null) return "none yet";
  const where = last?.state === "done" ? ` to ${last.target}` : "";
  return agoOf(at, now) + where;
}

/** `2h ago`; a time in the future is shown as it is: the clock was set back. */
export function agoOf(time: string, now: number): string {
  const at = Date.parse(time);
  return isAhead(at, now) ? showTime(at) : `${ageOf(time, now)} ago`;
}
