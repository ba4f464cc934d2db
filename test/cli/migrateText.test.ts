// What `breadbox migrate` says at its end.
import { describe, expect, test } from "bun:test";
import { migrateText } from "../../src/cli/migrateText.ts";
import type { MigrateReport, MigrateRequest } from "../../src/migrate/report.ts";
import { digestOf } from "../../src/model/digest.ts";

const request: MigrateRequest = { dryRun: false, takesOver: false, acceptsDamage: false };
const bytes = { contents: 3, bytes: 2_500_000, openUploads: 0, lost: [] };
const tables = [
  { name: "tags", rows: 1, changed: 1, sha256: "" },
  { name: "repositories", rows: 12, changed: 0, sha256: "" },
  { name: "trash", rows: 0, changed: 2, sha256: "" },
];
const copied: MigrateReport = { end: "copied", tables, bytes };

describe("the account of a migration", () => {
  test("counts rows by table and bytes, and says how to go on", () => {
    expect(migrateText(copied, request).split("\n").slice(0, 6)).toEqual([
      "Copied and compared:",
      "  13 rows of 2 tables; 3 written by this run",
      "    tags          1",
      "    repositories  12",
      "  3 contents, 2.5 MB by this run",
      "",
    ]);
    expect(migrateText(copied, request)).toContain("run the same command with --switch");
  });

  test("lists what is damaged, with what needs it", () => {
    const digest = digestOf(new Uint8Array([1]));
    const lost = [{ digest, reason: "its bytes are missing", usedBy: ["team/app:1.2"] }];
    const report: MigrateReport = { ...copied, tables: [], bytes: { ...bytes, lost } };

    const text = migrateText(report, request);
    expect(text).toContain(`Damaged (1):\n  ${digest}: its bytes are missing (team/app:1.2)`);
    expect(text).toContain("nothing was switched");
    const accepted = { ...request, acceptsDamage: true, takesOver: true };
    const switched = migrateText({ ...report, end: "switched" }, accepted);
    expect(switched).toContain("Damaged, and marked so in the new store (1):");
    expect(switched).toContain("is the store now");
  });

  test("says that uploads have to start again", () => {
    const open = { ...copied, bytes: { ...bytes, openUploads: 2 } };

    expect(migrateText(open, request)).toContain("2 open uploads now: those that are open at the");
    expect(migrateText({ ...open, end: "switched" }, request)).toContain(
      "2 open uploads left behind: their clients start them again",
    );
  });

  test("says so when nothing was left to do", () => {
    expect(migrateText({ end: "done", tables: [], bytes: null }, request)).toBe(
      "The store was switched before. Nothing was done.",
    );
  });
});
