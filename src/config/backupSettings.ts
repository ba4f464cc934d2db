// The settings of scheduled backups.
import { type KeepRule, readKeepRule, showKeepRule } from "../model/keepRule.ts";
import { backupTarget } from "./backupTarget.ts";
import type { Problem } from "./problem.ts";
import { cron } from "./schedule.ts";
import { setting } from "./setting.ts";
import { duration, type Kind, ValueError } from "./values.ts";

const keepRule: Kind<KeepRule> = {
  parse(text) {
    const rule = readKeepRule(text);
    if (rule === null) throw new ValueError('is no rule such as "7d,4w,12m" or "30d".');
    return rule;
  },
  show: showKeepRule,
};

/** Declared as in settings.ts. */
export const backupSettings = {
  "backup.target": setting(
    backupTarget,
    "",
    "What the server backs the store up to by `backup.schedule`: a directory, best on another disk, or a bucket of another Breadbox, `https://token:bbx_…@HOST/BUCKET`, then better in a file: `BREADBOX_BACKUP_TARGET_FILE`. See [BACKUP.md](BACKUP.md). Empty: no scheduled backups. Not for a store with `database.url` or `storage.s3.bucket`. User and password are never printed.",
  ),
  "backup.schedule": setting(
    cron,
    "0 2 * * *",
    "When backups begin, in the time zone of `gc.timeZone`. A server that was off at that time, or has no backup yet, makes one ten minutes after its start.",
  ),
  "backup.keep": setting(
    keepRule,
    "7d,4w,12m",
    "Backups that stay: the latest of each of so many days, weeks and months that have one. Others are removed after a complete backup.",
  ),
  "backup.maxAge": setting(
    duration("0", "3650d"),
    "2d",
    "Age of the last complete backup beyond which `breadbox status`, the first page, the log and `breadbox_backup_overdue` warn. Backups by command count as well. 0 never warns.",
  ),
} as const;

type Elsewhere = "database.url" | "storage.s3.bucket";
type Given = Readonly<Record<Elsewhere | "backup.target", string>>;

/** Scheduled backups are for a store that is in its data directory. @param where tells where a setting was made. */
export function backupProblems(config: Given, where: (key: "backup.target") => string): Problem[] {
  const keys = ["database.url", "storage.s3.bucket"] as const;
  const [key] = keys.filter((name) => config[name] !== "");
  if (config["backup.target"] === "" || key === undefined) return [];
  const message = `backup.target is for a store that is in its data directory, and ${key} is set. Remove backup.target, and back up the database with pg_dump first, then the bytes: docs/BACKUP.md has the order.`;
  return [{ where: where("backup.target"), message }];
}
