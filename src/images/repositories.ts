// Repositories, with their sizes: `breadbox ls`, `GET /v1/repositories`, the first page.
import { RegistryError } from "../errors.ts";
import type { RepositoryName } from "../model/names.ts";
import type { RepositorySums } from "./book.ts";
import type { ImagesDeps, Viewer } from "./deps.ts";
import { cutPage, type Listed, type ListPage, searcher } from "./pages.ts";

/** What repositories can be sorted by. */
export const repositorySorts = ["name", "pushed", "pulled", "size", "tags"] as const;
export type RepositorySort = (typeof repositorySorts)[number];

/** A repository as a list shows it. Sizes in bytes. */
export interface RepositoryRow extends Omit<RepositorySums, "uniqueBytes"> {
  /** What no other repository and no object holds: deleting the repository gives it back. null for who may not know it. */
  readonly uniqueBytes: number | null;
}

/** A page of repositories. */
export interface RepositoryPage extends Listed<RepositoryRow> {
  /** All that the search finds. */
  readonly total: number;
  /** When sizes were counted, Unix ms: seconds ago in a large store. */
  readonly countedAt: number;
}

/** Repositories that hold a manifest and that the viewer may see. @throws RegistryError PAGE_INVALID */
export async function listRepositoryRows(
  { book }: Pick<ImagesDeps, "book">,
  viewer: Viewer,
  page: ListPage<RepositorySort>,
): Promise<RepositoryPage> {
  const { repositories, countedAt } = await book.read();
  const isFound = searcher(page.search);
  const found = repositories.filter(({ name }) => isFound(name) && (viewer.maySee?.(name) ?? true));
  const { rows, next } = cutPage(
    found,
    (row) => ({ number: numberOf(row, page.sort), name: row.name }),
    page,
  );
  return { rows: rows.map((row) => shown(row, viewer)), next, total: found.length, countedAt };
}

/** One repository. The caller has asked whether it may be seen. @throws RegistryError NAME_UNKNOWN */
export async function findRepositoryRow(
  { book }: Pick<ImagesDeps, "book">,
  viewer: Viewer,
  name: RepositoryName,
): Promise<RepositoryRow> {
  const { repositories } = await book.read();
  const found = repositories.find((each) => each.name === name);
  if (found === undefined) throw unknownRepository(name);
  return shown(found, viewer);
}

/** The refusal of a repository that holds nothing. */
export const unknownRepository = (name: RepositoryName): RegistryError =>
  new RegistryError("NAME_UNKNOWN", { message: `no repository named ${name}`, detail: { name } });

function numberOf(row: RepositorySums, sort: RepositorySort): number | null {
  if (sort === "name") return null;
  if (sort === "tags") return row.tags;
  if (sort === "size") return row.bytes;
  return (sort === "pulled" ? row.lastPullAt : row.lastPushAt) ?? 0;
}

function shown(row: RepositorySums, { seesSharing }: Viewer): RepositoryRow {
  return { ...row, uniqueBytes: seesSharing ? row.uniqueBytes : null };
}
