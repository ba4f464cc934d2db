// `breadbox ls` and `breadbox tags`: repositories, and the tags of one.
import { clock } from "../../ambient.ts";
import { counted, showAge, showBytes } from "../../amounts.ts";
import type { ImageSource } from "../../images/imagesTool.ts";
import type { ListPage } from "../../images/pages.ts";
import type { PrintedRepositories, PrintedTags } from "../../images/printed.ts";
import { type RepositorySort, repositorySorts } from "../../images/repositories.ts";
import { type TagSort, tagSorts } from "../../images/tags.ts";
import { readRepositoryName } from "../../model/names.ts";
import { exitCode } from "../exitCode.ts";
import { complain, print, printAnswer } from "../print.ts";
import { type Options, textOf } from "../settingFlags.ts";
import { table } from "../table.ts";
import { misused, withImages } from "./source.ts";

type RepositoryRows = PrintedRepositories["repositories"];
type TagRows = PrintedTags["tags"];

/** Rows of a page. */
const pageRows = 200;
/** Hexadecimal digits of a digest that are shown: enough for `breadbox why` and `rm`. */
const shownDigits = 12;

/** `sha256:9f86d081884c…` → `9f86d081884c`. */
export const shortDigest = (digest: string): string =>
  digest.slice(digest.indexOf(":") + 1).slice(0, shownDigits);

/** `3h 5m`, since a time that an answer has. */
export const ageOf = (time: string | null, now: number): string =>
  time === null ? "-" : showAge(Math.max(0, now - Date.parse(time)));

/** Lists repositories. @throws ConfigError, as all of them. */
export function listRepositories(pattern: string | undefined, options: Options): Promise<number> {
  const sort = sortOf(options, repositorySorts);
  if (sort === null) return Promise.resolve(wrongSort("ls", repositorySorts));
  return withImages("ls", options, async (source) => {
    const rows = await gatherRepositories(source, pageOf(sort, pattern));
    if (options["json"] === true) printAnswer({ repositories: rows });
    else if (rows.length > 0) print(repositoriesText(rows, clock()));
    else
      complain(pattern === undefined ? "No repository holds anything." : "No repository matches.");
    return exitCode.done;
  });
}

/** Lists the tags of a repository, or its manifests without one. */
export function listTags(name: string, options: Options): Promise<number> {
  const repository = readRepositoryName(name);
  if (repository === null) {
    return Promise.resolve(misused("tags", `${JSON.stringify(name)} is no repository.`));
  }
  const sort = sortOf(options, tagSorts);
  if (sort === null) return Promise.resolve(wrongSort("tags", tagSorts));
  return withImages("tags", options, async (source) => {
    if (options["untagged"] === true) {
      const rows = await gatherUntagged(source, repository);
      if (options["json"] === true) printAnswer({ name, manifests: rows });
      else if (rows.length > 0) print(untaggedText(rows, clock()));
      else complain(`Every manifest of ${name} has a name.`);
      return exitCode.done;
    }
    const rows = await gatherTags(source, repository, pageOf(sort, textOf(options, "search")));
    if (options["json"] === true) printAnswer({ name, tags: rows });
    else if (rows.length > 0) print(tagsText(rows, clock()));
    else complain(`No tag of ${name} matches, or it has none: breadbox tags --untagged ${name}`);
    return exitCode.done;
  });
}

function sortOf<Sort extends string>(
  options: Options,
  sorts: readonly [Sort, ...Sort[]],
): Sort | null {
  const text = textOf(options, "sort");
  return text === undefined ? sorts[0] : (sorts.find((each) => each === text) ?? null);
}

const wrongSort = (command: string, sorts: readonly string[]): number =>
  misused(command, `--sort: one of ${sorts.join(", ")}.`);

/** The first page: the largest and the latest first. */
function pageOf<Sort extends string>(sort: Sort, search: string | undefined): ListPage<Sort> {
  return {
    sort,
    isDescending: sort !== "name",
    search: search ?? null,
    after: null,
    limit: pageRows,
  };
}

async function gatherRepositories(
  source: ImageSource,
  page: ListPage<RepositorySort>,
): Promise<RepositoryRows> {
  const rows: RepositoryRows[number][] = [];
  for (let after: string | null = null; ; ) {
    const found: PrintedRepositories = await source.repositories({ ...page, after });
    rows.push(...found.repositories);
    if (found.next === null) return rows;
    after = found.next;
  }
}

async function gatherTags(
  source: ImageSource,
  repository: Parameters<ImageSource["tags"]>[0],
  page: ListPage<TagSort>,
): Promise<TagRows> {
  const rows: TagRows[number][] = [];
  for (let after: string | null = null; ; ) {
    const found: PrintedTags = await source.tags(repository, { ...page, after });
    rows.push(...found.tags);
    if (found.next === null) return rows;
    after = found.next;
  }
}

type UntaggedRows = Awaited<ReturnType<ImageSource["untagged"]>>["manifests"];

async function gatherUntagged(
  source: ImageSource,
  repository: Parameters<ImageSource["untagged"]>[0],
): Promise<UntaggedRows> {
  const rows: UntaggedRows[number][] = [];
  for (let after: string | null = null; ; ) {
    const found: Awaited<ReturnType<ImageSource["untagged"]>> = await source.untagged(
      repository,
      after,
    );
    rows.push(...found.manifests);
    if (found.next === null) return rows;
    after = found.next;
  }
}

/** Columns of repositories, and their sum. @param now Unix ms. */
export function repositoriesText(rows: RepositoryRows, now: number): string {
  const lines = rows.map((row) => [
    row.name,
    `${row.tags}`,
    `${row.untagged}`,
    showBytes(row.size_bytes),
    row.unique_bytes === null ? "-" : showBytes(row.unique_bytes),
    ageOf(row.pushed_at, now),
    ageOf(row.pulled_at, now),
  ]);
  const head = ["REPOSITORY", "TAGS", "UNTAGGED", "SIZE", "UNIQUE", "PUSHED", "PULLED"];
  const total = rows.reduce((sum, { tags }) => sum + tags, 0);
  const repositories = rows.length === 1 ? "1 repository" : `${rows.length} repositories`;
  return `${table([head, ...lines])}\n${repositories}, ${counted(total, "tag")}`;
}

/** Columns of tags. */
export function tagsText(rows: TagRows, now: number): string {
  const lines = rows.map((row) => [
    row.name,
    whatOf(row),
    showBytes(row.size_bytes),
    ageOf(row.pushed_at, now),
    ageOf(row.pulled_at, now),
    shortDigest(row.digest),
    fromOf(row),
  ]);
  return table([["TAG", "WHAT", "SIZE", "PUSHED", "PULLED", "DIGEST", "BY"], ...lines]);
}

/** Columns of manifests without a name; digests are whole, so that they can be given to `breadbox rm`. */
export function untaggedText(rows: UntaggedRows, now: number): string {
  const lines = rows.map((row) => [
    row.digest,
    row.kind,
    showBytes(row.size_bytes),
    ageOf(row.pushed_at, now),
    ageOf(row.pulled_at, now),
  ]);
  return table([["DIGEST", "WHAT", "SIZE", "PUSHED", "PULLED"], ...lines]);
}

const mostPlatforms = 3;

/** The platforms of an image, or what else it is. */
function whatOf({ kind, platforms }: TagRows[number]): string {
  if (platforms.length === 0) return kind;
  const more = platforms.length - mostPlatforms;
  const shown = platforms.slice(0, mostPlatforms).map((each) => each.replace(/^linux\//, ""));
  return more > 0 ? `${shown.join(",")},+${more}` : shown.join(",");
}

/** The commit, for what a job pushed; otherwise who did. */
function fromOf({ origin, pushed_by: by }: TagRows[number]): string {
  const commit = origin?.commit?.slice(0, shownDigits);
  return commit === undefined ? (by ?? "-") : `${origin?.repository ?? "job"}@${commit}`;
}
