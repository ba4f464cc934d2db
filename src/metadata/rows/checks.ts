// The history of checks.
import { and, desc, eq, getTableColumns, inArray, lt, ne, or, sql } from "drizzle-orm";
import {
  type CheckBeginning,
  type CheckEnding,
  type CheckRun,
  type CheckSummary,
  type ChecksMetadata,
  type FindingCount,
  type NotedFinding,
  notedFindings,
  rememberedChecks,
  type ScrubNote,
} from "../checks.ts";
import { brokenOff } from "../gcRuns.ts";
import { sumUnverified } from "./inspection.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { databaseNow } from "./spelling.ts";
import { command, type Params, statement } from "./statement.ts";
import { checks } from "./tendingSchema.ts";

type Row = typeof checks.$inferSelect;
interface ById {
  readonly id: string;
}
interface OfRound {
  readonly round: number;
}

/** A sign of life lasts so long; ms. */
const signMs = 60_000;
/** The database reads its own file in one step, in which its process gives no sign; ms. */
const firstSignMs = 15 * 60_000;

const aliveFor = (ms: number) => sql<number>`${databaseNow} + ${sql.raw(String(ms))}`;
/** Nobody gave a sign of life in time; one that lies far ahead was given by a clock that has been set back since. */
const isOverdue = or(
  lt(checks.aliveUntil, databaseNow),
  sql`${checks.aliveUntil} > ${databaseNow} + ${sql.raw(String(2 * firstSignMs))}`,
);
const isRunning = eq(checks.state, "running");

const { findings, ...columns } = getTableColumns(checks);
const summary = {
  ...columns,
  overdue: sql<0 | 1>`CASE WHEN ${and(isRunning, isOverdue)} THEN 1 ELSE 0 END`,
};
type SummaryRow = Omit<Row, "findings"> & { readonly overdue: 0 | 1 };

const empty = {
  state: "running",
  ...{ done: 0, total: 0, contents: 0, bytes: 0, kinds: "[]", findings: "[]" },
} as const;
type Beginning = Omit<CheckBeginning, "full" | "repair" | "kind"> & {
  readonly full: 0 | 1;
  readonly repair: 0 | 1;
  readonly owner: string;
};
const insert = command((db, given: Params<Beginning>) => {
  const { id, trigger, full, repair, startedAt, owner } = given;
  const row = { id, trigger, full, repair, startedAt, owner, ...empty };
  const phase = "database";
  return db
    .insert(checks)
    .values({ ...row, kind: "fsck", phase, aliveUntil: aliveFor(firstSignMs) });
});
const insertScrub = command(
  (db, given: Params<ById & OfRound & { startedAt: number; total: number }>) => {
    const { id, round, startedAt, total } = given;
    const row = { ...empty, id, round, startedAt, total };
    return db.insert(checks).values({
      ...row,
      ...{ kind: "scrub", trigger: "schedule", full: 1, repair: 1, owner: "" },
      ...{ phase: "contents", aliveUntil: aliveFor(signMs) },
    });
  },
);
const advance = command(
  (db, given: Params<ById & { phase: string; done: number; total: number }>) => {
    const { id, phase, done, total } = given;
    return db
      .update(checks)
      .set({ phase, done, total, aliveUntil: aliveFor(signMs) })
      .where(and(eq(checks.id, id), isRunning));
  },
);
type Ending = Omit<CheckEnding, "kinds" | "findings"> & {
  readonly kinds: string;
  readonly findings: string;
};
const end = command((db, given: Params<ById & Ending>) => {
  const { state, reason, finishedAt, contents, bytes, kinds, findings: first } = given;
  return db
    .update(checks)
    .set({ state, reason, finishedAt, contents, bytes, kinds, findings: first })
    .where(eq(checks.id, given.id));
});
const breakOff = statement((db, { id, reason }: Params<ById & { reason: string }>) =>
  db
    .update(checks)
    .set({ state: "failed", reason })
    .where(and(eq(checks.id, id), isRunning))
    .returning({ id: checks.id }),
);
type Noted = OfRound &
  Pick<Ending, "contents" | "bytes" | "kinds" | "findings"> & {
    readonly state: "running" | "clean" | "problems";
    readonly finishedAt: number | null;
  };
const note = command((db, given: Params<Noted>) => {
  const { round, contents, bytes, kinds, findings: first, state, finishedAt } = given;
  const seen = { contents, bytes, kinds, findings: first };
  return db
    .update(checks)
    .set({ ...seen, done: bytes, state, finishedAt, aliveUntil: aliveFor(signMs) })
    .where(eq(checks.round, round));
});
const stopOthers = command((db, { round, reason }: Params<OfRound & { reason: string }>) =>
  db
    .update(checks)
    .set({ state: "stopped", reason })
    .where(and(eq(checks.kind, "scrub"), isRunning, ne(checks.round, round))),
);
// One that is running stays: where the clock was set back, it looks older than those that ended before it.
const forget = command((db, { kept }: Params<{ kept: number }>) =>
  db
    .delete(checks)
    .where(
      and(
        sql`${checks.id} <= (SELECT id FROM ${checks} ORDER BY id DESC LIMIT 1 OFFSET ${kept})`,
        or(ne(checks.state, "running"), isOverdue),
      ),
    ),
);
const find = statement((db, { id }: Params<ById>) =>
  db
    .select({ ...summary, findings })
    .from(checks)
    .where(eq(checks.id, id)),
);
const findRound = statement((db, { round }: Params<OfRound>) =>
  db.select().from(checks).where(eq(checks.round, round)),
);
const running = statement((db) =>
  db
    .select({ id: checks.id, owner: checks.owner })
    .from(checks)
    .where(and(eq(checks.kind, "fsck"), isRunning, sql`NOT (${isOverdue})`)),
);
const list = statement((db, { before, limit }: Params<{ before: string; limit: number }>) =>
  db
    .select(summary)
    .from(checks)
    .where(lt(checks.id, before))
    .orderBy(desc(checks.id))
    .limit(limit),
);
const latest = statement((db) => {
  const isOver = or(inArray(checks.state, ["clean", "problems"]), eq(checks.kind, "scrub"));
  const ids = db
    .select({ id: sql<string>`max(${checks.id})` })
    .from(checks)
    .where(isOver)
    .groupBy(checks.kind, checks.full, isRunning);
  return db.select(summary).from(checks).where(inArray(checks.id, ids)).orderBy(desc(checks.id));
});

/** Ids are hexadecimal: all of them come before it. */
const last = "~";

/** Builds the history's part of the port. */
export function checksMetadata(rows: Rows): ChecksMetadata {
  return {
    beginCheck: (beginning, rule) =>
      rows.write(
        (tx) => beginCheck(tx, beginning, rule),
        (other) => other === null,
      ),
    advanceCheck: (id, progress) => rows.runLazily(advance, { id, ...progress }),
    endCheck: (id, ending) =>
      rows.write(
        (tx) => endCheck(tx, id, ending),
        (ended) => ended !== null,
      ),
    breakOffCheck: async (id, reason) => (await rows.change(breakOff, { id, reason })) !== null,
    beginScrub: (beginning) =>
      rows.write(
        (tx) => beginScrub(tx, beginning),
        (begun) => begun,
      ),
    noteScrub: (round, part) => rows.writeLazily((tx) => noteScrub(tx, round, part)),
    async findCheck(id) {
      const row = await rows.find(find, { id });
      return row === null ? null : toRun(row);
    },
    listChecks: async ({ after, limit }) =>
      (await rows.list(list, { before: after ?? last, limit })).map(toSummary),
    listRunning: () => rows.list(running, {}),
    listLatest: async () => (await rows.list(latest, {})).map(toSummary),
  };
}

function* beginCheck(
  tx: Tx,
  beginning: CheckBeginning,
  { owner, alone }: { readonly owner: string; readonly alone: boolean },
): Body<{ readonly id: string; readonly owner: string } | null> {
  const other = alone ? yield* tx.get(running, {}) : undefined;
  if (other !== undefined) return other;
  const { full, repair } = beginning;
  tx.run(insert, { ...beginning, owner, full: full ? 1 : 0, repair: repair ? 1 : 0 });
  tx.run(forget, { kept: rememberedChecks });
  return null;
}

function* endCheck(tx: Tx, id: string, ending: CheckEnding): Body<CheckRun | null> {
  const { kinds, findings: first, ...rest } = ending;
  const kept = first.slice(0, notedFindings);
  const texts = { kinds: JSON.stringify(kinds), findings: JSON.stringify(kept) };
  tx.run(end, { id, ...rest, ...texts });
  const row = yield* tx.get(find, { id });
  return row === undefined ? null : toRun(row);
}

function* beginScrub(tx: Tx, pass: ById & OfRound & { readonly startedAt: number }): Body<boolean> {
  const { round, startedAt } = pass;
  const row = yield* tx.get(findRound, { round });
  if (row !== undefined) return row.state === "running";
  const due = yield* tx.get(sumUnverified, { since: round, now: startedAt });
  if (due === undefined || due.contents === 0) return false;
  tx.run(stopOthers, { round, reason: "the next pass began before its end" });
  tx.run(insertScrub, { ...pass, total: due.bytes });
  tx.run(forget, { kept: rememberedChecks });
  return true;
}

function* noteScrub(tx: Tx, round: number, part: ScrubNote): Body<void> {
  const row = yield* tx.get(findRound, { round });
  if (row === undefined || row.state !== "running") return;
  const known = readFindings(row.findings);
  // What cannot be read is tried again after a restart.
  const added = part.findings.filter(({ text }) => !known.some((one) => one.text === text));
  const kinds = countFindings(readKinds(row.kinds), added);
  const ended = kinds.some(({ severity }) => severity !== "notice") ? "problems" : "clean";
  tx.run(note, {
    round,
    contents: row.contents + part.contents,
    bytes: row.bytes + part.bytes,
    kinds: JSON.stringify(kinds),
    findings: JSON.stringify([...known, ...added].slice(0, notedFindings)),
    state: part.finished ? ended : "running",
    finishedAt: part.finished ? part.now : null,
  });
}

/** Counts more findings. */
function countFindings(
  counted: readonly FindingCount[],
  added: readonly NotedFinding[],
): readonly FindingCount[] {
  const sums = [...counted];
  for (const { kind, severity, outcome } of added) {
    const at = sums.findIndex(
      (one) => one.kind === kind && one.severity === severity && one.outcome === outcome,
    );
    const count = (sums[at]?.count ?? 0) + 1;
    if (at < 0) sums.push({ kind, severity, outcome, count });
    else sums[at] = { kind, severity, outcome, count };
  }
  return sums;
}

/** Only this file writes these columns. */
const readKinds = (text: string): readonly FindingCount[] => JSON.parse(text);
const readFindings = (text: string): readonly NotedFinding[] => JSON.parse(text);

function toSummary({ overdue, ...row }: SummaryRow): CheckSummary {
  const { id, kind, trigger, startedAt, finishedAt, contents, bytes } = row;
  const isOver = row.state !== "running" || overdue === 1;
  return {
    ...{ id, kind, trigger, startedAt, finishedAt, contents, bytes },
    full: row.full === 1,
    repair: row.repair === 1,
    ...(overdue === 1 ? lost[kind] : { state: row.state, reason: row.reason }),
    kinds: readKinds(row.kinds),
    progress: isOver ? null : { phase: row.phase, done: row.done, total: row.total },
  };
}

/** What is said to run, and gives no sign of life. */
const lost = {
  fsck: { state: "failed", reason: brokenOff },
  scrub: { state: "stopped", reason: "it pauses; the server goes on with it automatically" },
} as const;

function toRun({ findings: first, ...row }: SummaryRow & Pick<Row, "findings">): CheckRun {
  return { ...toSummary(row), findings: readFindings(first) };
}
