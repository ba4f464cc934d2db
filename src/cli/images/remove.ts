// `breadbox rm`: the plan of a deletion is printed first, and done with --yes.
import { clock } from "../../ambient.ts";
import { counted, showAge, showBytes } from "../../amounts.ts";
import type { ImageSource } from "../../images/imagesTool.ts";
import type { PrintedDeletion } from "../../images/printed.ts";
import type { Target } from "../../images/selection.ts";
import { readTarget } from "../../images/targets.ts";
import { exitCode } from "../exitCode.ts";
import { complain, print, printAnswer } from "../print.ts";
import type { Options } from "../settingFlags.ts";
import { shortDigest } from "./lists.ts";
import { misused, withImages } from "./source.ts";

type Plan = NonNullable<PrintedDeletion["plan"]>;
type PlannedRepository = Plan["repositories"][number];

/** Names that are printed of one kind; --json has all. */
const mostLines = 20;

/** Prints the plan; with --yes it is done. @throws ConfigError */
export function removeImages(names: readonly string[], options: Options): Promise<number> {
  const targets = names.map((name) => readTarget(name));
  const wrong = names.find((_, at) => targets[at] === null);
  if (wrong !== undefined) {
    const message = `${JSON.stringify(wrong)} is neither REPO, nor REPO:TAG, nor REPO@sha256:<64 hexadecimal digits>.`;
    return Promise.resolve(misused("rm", message));
  }
  const known = targets.filter((target) => target !== null);
  const asked = { json: options["json"] === true, yes: options["yes"] === true };
  return withImages("rm", options, (source) => removeFrom(source, known, asked));
}

async function removeFrom(
  source: ImageSource,
  targets: readonly Target[],
  { json, yes }: { readonly json: boolean; readonly yes: boolean },
): Promise<number> {
  const { plan } = await source.plan(targets);
  if (plan === null) throw new Error("the answer has no plan");
  if (!json) print(planText(plan, clock()));
  const isEmpty = plan.repositories.length === 0;
  if (isEmpty || !yes) {
    if (json) printAnswer({ plan, deleted: null });
    else if (!isEmpty) complain("Nothing was deleted. To do this: the same command with --yes.");
    return isEmpty ? exitCode.failed : exitCode.done;
  }
  const { deleted } = await source.remove(targets, plan.id);
  if (json) printAnswer({ plan, deleted });
  else print(deletedText(deleted));
  return plan.absent.length === 0 ? exitCode.done : exitCode.failed;
}

const deletedText = (deleted: PrintedDeletion["deleted"]): string =>
  `Deleted ${counted(deleted?.tags ?? 0, "tag")} and ${counted(deleted?.manifests ?? 0, "manifest")}.`;

/** What would be deleted, what breaks, and what comes back. @param now Unix ms. */
export function planText(plan: Plan, now: number): string {
  const absent = plan.absent.map((target) => `There is no ${target}.`);
  const lines = plan.repositories.flatMap(repositoryLines);
  return [...absent, ...lines, ...releasedLines(plan, now)].join("\n");
}

function repositoryLines(repository: PlannedRepository): string[] {
  const { name, whole, tags, manifests } = repository;
  const head = whole ? `${name}: all of it is deleted` : `${name}:`;
  const lines = [
    ...tags.map(tagLine),
    ...manifests.map(({ digest, kind, reason, tags: names }) => {
      const named = names.length === 0 ? "" : ` (${counted(names.length, "tag")}: ${some(names)})`;
      const why = {
        asked: "",
        child: ", only a deleted index names it",
        referrer: ", about a deleted manifest",
      };
      return `  ${kind} ${shortDigest(digest)}${named}${why[reason]}`;
    }),
  ];
  const more = lines.length - mostLines;
  const shown = more > 0 ? [...lines.slice(0, mostLines), `  … and ${more} more`] : lines;
  return [head, ...shown, ...troubleLines(repository)];
}

function tagLine({
  name,
  digest,
  other_tags: others,
  indexes,
  leaves_untagged: isLast,
}: PlannedRepository["tags"][number]) {
  if (isLast) return `  tag ${name}: its manifest ${shortDigest(digest)} stays, without a name`;
  const names = others.length > 0 ? `other tags (${some(others)})` : counted(indexes, "index");
  return `  tag ${name}: its manifest ${shortDigest(digest)} stays${others.length + indexes > 0 ? ` under ${names}` : ""}`;
}

/** What cannot be done, and what no longer works afterwards. */
function troubleLines({ name, tags, manifests }: PlannedRepository): string[] {
  const locked = [
    ...tags.flatMap((tag) => (tag.locked_by === null ? [] : [`${tag.name} (${tag.locked_by})`])),
    ...manifests.flatMap(({ locked: it }) => (it === null ? [] : [`${it.tag} (${it.pattern})`])),
  ];
  const broken = new Set(manifests.flatMap((manifest) => manifest.broken_indexes));
  return [
    ...(locked.length === 0 ? [] : [`  ! immutable, so nothing can be deleted: ${some(locked)}`]),
    ...[...broken]
      .slice(0, mostLines)
      .map((index) => `  ! ${name}@${shortDigest(index)} is an index that names it: it breaks`),
  ];
}

function releasedLines(
  { repositories, released, kept_by_untagged_bytes: kept }: Plan,
  now: number,
): string[] {
  if (released === null) return [];
  const {
    now_bytes: soon,
    later_bytes: later,
    later_at: laterAt,
    object_bytes: objects,
  } = released;
  const lines: string[] = [];
  const isSomething = repositories.some(({ manifests }) => manifests.length > 0);
  if (isSomething) {
    lines.push(`The next garbage collection reclaims ${showBytes(soon)}.`);
    if (later > 0 && laterAt !== null) {
      const wait = showAge(Math.max(0, Date.parse(laterAt) - now));
      lines.push(`${showBytes(later)} more after the grace period, in ${wait}.`);
    }
    if (objects > 0) lines.push(`Objects of buckets keep ${showBytes(objects)}.`);
  }
  if ((kept ?? 0) === 0) return lines;
  const names = repositories.flatMap(({ name, tags }) =>
    tags.flatMap((tag) => (tag.leaves_untagged ? [`${name}@${tag.digest}`] : [])),
  );
  return [
    ...lines,
    `Manifests without a name keep ${showBytes(kept ?? 0)}. To delete them as well:`,
    ...[...new Set(names)].slice(0, mostLines).map((each) => `  breadbox rm ${each}`),
  ];
}

const mostNames = 3;

function some(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more > 0 ? `${names.slice(0, mostNames).join(", ")}, …` : names.join(", ");
}
