// What `breadbox migrate` prints. Pure.

import { counted, showBytes } from "../amounts.ts";
import type {
  LostContent,
  MigratedBytes,
  MigrateReport,
  MigrateRequest,
} from "../migrate/report.ts";

/** Contents that are listed; --json has all of them. */
const listed = 20;

/** The account of a migration. */
export function migrateText(report: MigrateReport, request: MigrateRequest): string {
  const { end, bytes } = report;
  if (end === "done") return "The store was switched before. Nothing was done.";
  const head = end === "looked" ? "A dry run: this would be copied:" : "Copied and compared:";
  const lost = bytes?.lost ?? [];
  return [
    ...[head, ...rowLines(report), ...byteLines(report)],
    ...lostLines(lost, request),
    "",
    ...(lost.length > 0 && end === "copied" ? repair : next[end]),
  ].join("\n");
}

function rowLines({ tables, end }: MigrateReport): string[] {
  if (tables.length === 0) return [];
  const names = tables.filter((table) => table.rows > 0);
  const [rows, changed] = [sum(tables, "rows"), sum(tables, "changed")];
  const wide = Math.max(...names.map(({ name }) => name.length), 0);
  const written = end === "looked" ? "" : `; ${changed} written by this run`;
  return [
    `  ${counted(rows, "row")} of ${counted(names.length, "table")}${written}`,
    ...names.map(({ name, rows: count }) => `    ${name.padEnd(wide)}  ${count}`),
  ];
}

const sum = (tables: MigrateReport["tables"], key: "rows" | "changed"): number =>
  tables.reduce((total, table) => total + table[key], 0);

function byteLines({ bytes, end }: MigrateReport): string[] {
  if (bytes === null) return [];
  const by = end === "looked" ? "" : " by this run";
  return [
    `  ${counted(bytes.contents, "content")}, ${showBytes(bytes.bytes)}${by}`,
    ...openLines(bytes, end),
  ];
}

function openLines({ openUploads }: MigratedBytes, end: MigrateReport["end"]): string[] {
  if (openUploads === 0) return [];
  const uploads = counted(openUploads, "open upload");
  return end === "switched"
    ? [`  ${uploads} left behind: their clients start them again`]
    : [`  ${uploads} now: those that are open at the switch are started again by their clients`];
}

function lostLines(lost: readonly LostContent[], { acceptsDamage }: MigrateRequest): string[] {
  if (lost.length === 0) return [];
  const what = acceptsDamage ? "Damaged, and marked so in the new store" : "Damaged";
  const shown = lost.slice(0, listed).map(({ digest, reason, usedBy }) => {
    const users = usedBy.length === 0 ? "" : ` (${usedBy.join(", ")})`;
    return `  ${digest}: ${reason}${users}`;
  });
  const more = lost.length - shown.length;
  const rest = more > 0 ? [`  and ${more} more: --json lists all`] : [];
  return ["", `${what} (${lost.length}):`, ...shown, ...rest];
}

const repair = [
  "All other bytes were copied; rows were not, and nothing was switched. Push the damaged contents again, or restore them, and run",
  "the command again. With --accept-damage they are damaged in the new store as well, until they are pushed again.",
];

const next = {
  looked: ["Nothing was changed."],
  copied: [
    "The old store is the store, as before. To switch, stop its server and run the same command with --switch: it copies only what",
    "has changed since.",
  ],
  switched: [
    "The new store is the store now: start the server with its settings (docs/SCALING.md). The old one was not deleted, and is not",
    "used any more.",
  ],
} as const;
