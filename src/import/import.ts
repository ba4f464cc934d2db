// An import: a source's repositories, one after the other, and an account of what came of them.
import type { Digest } from "../model/digest.ts";
import { readRepositoryName } from "../model/names.ts";
import {
  emptyReport,
  type ImportProgress,
  type ImportReport,
  type ImportRequest,
} from "./report.ts";
import { RepositoryImport } from "./repository.ts";
import type { ImportRules, ImportRun } from "./run.ts";
import { type Source, SourceError } from "./source.ts";
import { emptyTarget, storeTarget } from "./target.ts";
import { writingTogether } from "./together.ts";

/** What an import works with. */
export interface ImportDeps {
  /** null when there is none yet: a dry run does not make one. */
  readonly store: Parameters<typeof writingTogether>[0] | null;
  readonly rules: ImportRules;
  /** Waits; ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/**
 * Imports everything that is not here yet: repository by repository, in each blobs before manifests and manifests before indexes, so
 * that an import that is cut short at any moment leaves whole images only, and the next one goes on. What cannot be imported is noted,
 * and the rest is.
 * @throws SourceError when the source cannot be listed; what keeps this store from storing anything.
 */
export async function importFrom(
  { store, rules, rest }: ImportDeps,
  source: Source,
  request: ImportRequest,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportReport> {
  const report = emptyReport(source.label);
  const counted = new Set<Digest>();
  const names = await source.repositories();
  for (const [index, name] of names.entries()) {
    const at = { repository: name, number: index + 1, repositories: names.length };
    const run: ImportRun = {
      store: store === null || request.dryRun ? null : writingTogether(store),
      target: store === null ? emptyTarget : storeTarget(store.metadata),
      ...{ rules, request, report, rest, counted },
      onProgress: (phase, done, total) => onProgress({ ...at, phase, done, total }),
    };
    await importRepository(run, source, name);
    report.repositories += 1;
  }
  return report;
}

async function importRepository(run: ImportRun, source: Source, name: string): Promise<void> {
  const repository = readRepositoryName(name);
  const problem = (reason: string) =>
    run.report.problems.push({ repository: name, reference: null, reason });
  if (repository === null) {
    problem("Breadbox takes no such name: lower-case letters, digits and separators only");
    return;
  }
  const place = { repository, source: source.open(name) };
  try {
    await new RepositoryImport(run, place).run();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    problem(error.message);
  }
}
