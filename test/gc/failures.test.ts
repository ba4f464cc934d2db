// Folders, files and the database that cannot be read while a collection runs: nothing is deleted, and it says why.
import { expect } from "bun:test";
import { dirname } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { countRows, differences, fsckComplaint, incomplete } from "./aftermath.ts";
import { gcCommand, type Place, runWith } from "./faults.ts";
import { makeTemplate, type Template } from "./template.ts";

const stats = "statx,newfstatat,lstat,stat";

/** Everything a collection could take: rows, links and files, but for what an earlier run had already decided about. */
async function inventory({ halfCollected }: Template, data: string) {
  const rows = (table: string) => countRows(data, [`SELECT * FROM ${table}`]);
  return {
    files: (await storedFiles(data)).filter((file) => !file.includes(halfCollected)),
    contents: rows("contents"),
    links: rows("repository_contents"),
    manifests: rows("manifests"),
  };
}

/** @returns false when the command met no fault. */
async function failAt(template: Template, place: Place, reason: RegExp): Promise<boolean> {
  await using scope = new Scope();
  const data = await template.copy(scope);
  const before = await inventory(template, data);
  const { code, output } = await runWith(place, data, await gcCommand(data));
  if (code === 0) return false;
  const where = `${place.fault} of ${place.calls} ${place.nth}`;
  expect([where, output]).toEqual([where, expect.stringMatching(reason)]);
  expect([where, await inventory(template, data)]).toEqual([where, before]);
  return true;
}

interface Unreadable {
  readonly what: string;
  readonly calls: string;
  readonly path: (template: Template) => string;
  readonly errors: readonly string[];
}

const unreadable: readonly Unreadable[] = [
  {
    what: "the folder of all content cannot be listed",
    calls: "getdents64",
    path: () => "blobs/sha256",
    errors: ["EIO", "EACCES"],
  },
  {
    what: "one folder of content cannot be listed",
    calls: "getdents64",
    path: ({ stray }) => dirname(stray),
    errors: ["EIO", "EACCES"],
  },
  {
    what: "one folder of content cannot be opened",
    calls: "openat",
    path: ({ stray }) => dirname(stray),
    errors: ["EIO", "EACCES"],
  },
  {
    what: "a file cannot be looked at",
    calls: stats,
    path: ({ stray }) => stray,
    errors: ["EIO", "EACCES"],
  },
  {
    what: "the database cannot be opened",
    calls: "openat",
    path: () => "breadbox.db",
    errors: ["EIO", "EACCES"],
  },
];

for (const { what, calls, path, errors } of unreadable) {
  clientTest(
    `a collection deletes nothing and says why when ${what}`,
    { commands: ["strace"] },
    async (scope) => {
      const template = await makeTemplate(scope);

      for (const error of errors) {
        const place = { calls, nth: "1+", paths: [path(template)], fault: `error=${error}` };
        const failed = await failAt(
          template,
          place,
          /E(?:IO|ACCES)|unable to open|may not read|I\/O error/,
        );
        expect([error, failed]).toEqual([error, true]);
      }
    },
  );
}

clientTest(
  "a collection deletes nothing and says why at whatever page of the database cannot be read",
  { commands: ["strace"] },
  async (scope) => {
    const template = await makeTemplate(scope);
    let failures = 0;

    for (let nth = 1; nth <= 100; nth += 1) {
      const paths = ["breadbox.db", "breadbox.db-wal"];
      const place = { calls: "pread64", nth: `${nth}`, paths, fault: "error=EIO" };
      if (
        !(await failAt(
          template,
          place,
          /I\/O error|malformed|damaged|unable to open|not a database/,
        ))
      )
        break;
      failures += 1;
    }

    expect(failures).toBeGreaterThan(10);
  },
);

clientTest(
  "a collection whose log cannot be synced, or whose files cannot be removed, is finished by the next one",
  { commands: ["strace"] },
  async (scope) => {
    const template = await makeTemplate(scope);
    const living = [...template.living, template.doomed];
    const syncs = [1, 2, 3, 4, 5, 6].map((nth) => ({
      calls: "fdatasync",
      nth: `${nth}`,
      paths: ["breadbox.db-wal"],
    }));
    const unlinks = (await storedFiles(await template.copy(scope))).map((file) => ({
      calls: "unlink",
      nth: "1",
      paths: [`blobs/${file}`],
    }));

    let failures = 0;
    for (const place of [...syncs, ...unlinks]) {
      await using inner = new Scope();
      const data = await template.copy(inner);
      const tampered = { ...place, fault: "error=EIO" };
      const { code, output } = await runWith(tampered, data, await gcCommand(data));
      if (code === 0) continue;
      failures += 1;
      const where = `${place.calls} ${place.nth} ${place.paths.join(" ")}`;
      expect([where, output]).toEqual([where, expect.stringMatching(/EIO|failed|read-only/)]);
      expect([where, await incomplete(data, living)]).toEqual([where, []]);
      expect((await run(await gcCommand(data))).code).toBe(0);
      expect([where, await differences(data, living)]).toEqual([where, []]);
      expect([where, await fsckComplaint(data)]).toEqual([where, null]);
    }
    expect(failures).toBeGreaterThan(5);
  },
);
