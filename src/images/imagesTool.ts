// The functions of this room as commands call them: each gives what the API would answer.
import type { Author } from "../metadata/audit.ts";
import type { Reference, RepositoryName } from "../model/names.ts";
import { applyDeletion } from "./apply.ts";
import { compareImages } from "./compare.ts";
import { type ImagesDeps, operator } from "./deps.ts";
import { describeImage } from "./detail.ts";
import type { ListPage } from "./pages.ts";
import { planDeletion } from "./plan.ts";
import * as printed from "./printed.ts";
import { listRepositoryRows, type RepositorySort } from "./repositories.ts";
import type { Target } from "./selection.ts";
import { readStatus, type StatusDeps } from "./status.ts";
import { listTagEntries, listUntaggedEntries, type TagSort } from "./tags.ts";
import { measureUsage } from "./usage.ts";

/** What commands ask, of a data directory or of a server: by the same words, with the same answers. */
export interface ImageSource {
  repositories(page: ListPage<RepositorySort>): Promise<printed.PrintedRepositories>;
  tags(repository: RepositoryName, page: ListPage<TagSort>): Promise<printed.PrintedTags>;
  untagged(repository: RepositoryName, after: string | null): Promise<printed.PrintedUntagged>;
  image(repository: RepositoryName, reference: Reference): Promise<printed.PrintedImage>;
  /** Two images of one repository. */
  compare(
    repository: RepositoryName,
    from: Reference,
    to: Reference,
  ): Promise<printed.PrintedComparison>;
  plan(targets: readonly Target[]): Promise<printed.PrintedDeletion>;
  /** @param plan the id of the plan that was read. */
  remove(targets: readonly Target[], plan: string): Promise<printed.PrintedDeletion>;
  usage(): Promise<printed.PrintedUsage>;
  status(): Promise<printed.PrintedStatus>;
}

/** Rows of a page of manifests. */
const pageRows = 200;

/** Of an opened store. @param by is written down with each deletion. */
export function imagesTool(
  images: ImagesDeps,
  status: Omit<StatusDeps, "unfinished" | "book">,
  by: Author,
): ImageSource {
  return {
    repositories: async (page) =>
      printed.printRepositories(await listRepositoryRows(images, operator, page)),
    tags: async (repository, page) =>
      printed.printTags(repository, await listTagEntries(images, repository, page), false),
    untagged: async (repository, after) =>
      printed.printUntaggedPage(
        repository,
        await listUntaggedEntries(images, repository, { after, limit: pageRows }),
        false,
      ),
    image: async (repository, reference) =>
      printed.printImage(await describeImage(images, operator, repository, reference), false),
    compare: async (repository, from, to) =>
      printed.printComparison(
        await compareImages(images, operator, {
          from: { repository, reference: from },
          to: { repository, reference: to },
          platform: null,
        }),
        false,
      ),
    plan: async (targets) =>
      printed.printDeletion(await planDeletion(images, operator, targets), null),
    remove: async (targets, plan) =>
      printed.printDeletion(null, await applyDeletion(images, { targets, plan, by })),
    usage: async () => printed.printUsage(await measureUsage(images)),
    status: async () => printed.printStatus(await readStatus({ ...images, ...status })),
  };
}
