// The settings of scheduled backups.
import { type KeepRule, readKeepRule, showKeepRule } from "../model/keepRule.ts";
import { cron } from "./schedule.ts";
import { setting } from "./setting.ts";
import { duration, type Kind, optionalPath, ValueError } from "./values.ts";

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
    optionalPath,
    "",
    "Directory that the server backs the store up to by `backup.schedule`, best on another disk: see [BACKUP.md](BACKUP.md). Empty: no scheduled backups. Not for a store with `database.url` or `storage.s3.bucket`.",
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
