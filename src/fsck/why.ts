// Why content is still there, or since when nothing keeps it: the chain from a name that people gave down to the bytes.

import { ageLimits, longestPushMs } from "../gc/gcAges.ts";
import type {
  ContentAges,
  GoingPush,
  HeldManifests,
  KeepingManifest,
  MadeObjects,
  UsageMetadata,
} from "../metadata/usage.ts";
import { type Digest, readDigest } from "../model/digest.ts";
import type { Reference, RepositoryName, Tag } from "../model/names.ts";

/** The dependencies of explaining. */
export interface WhyDeps {
  readonly metadata: UsageMetadata;
  /** Unix ms. */
  readonly clock: () => number;
  /** How old content must be before it may go, and what pushes were promised, in ms. */
  readonly minAgeMs: number;
  /** Reads `REPO:TAG` or `REPO@DIGEST`, the way people write images; null for anything else. */
  readonly readImage: (text: string) => ImageName | null;
}

/** An image as people name it. */
export interface ImageName {
  readonly repository: RepositoryName;
  readonly reference: Reference;
}

/** One way from the top down to what was asked about. */
export interface Chain {
  readonly repository: RepositoryName;
  /** Names of the first manifest; none for an untagged one, which is kept because every stored manifest is. */
  readonly tags: readonly Tag[];
  readonly moreTags: boolean;
  /** From the top down. The last of them names the content, or is what was asked about. */
  readonly manifests: readonly KeepingManifest[];
}

/** The facts about a digest. Times are Unix ms. */
export interface Explanation {
  readonly digest: Digest;
  /** null when no content is stored under it: a manifest, or something that is named and not there. */
  readonly content: ContentAges | null;
  /** True when a manifest has this digest. */
  readonly isManifest: boolean;
  readonly chains: readonly Chain[];
  readonly moreChains: boolean;
  /** Objects that are made of it: each of them keeps it. */
  readonly objects: MadeObjects;
  readonly links: readonly RepositoryName[];
  readonly moreLinks: boolean;
  /** The end of its lease, while it lasts. */
  readonly leasedUntil: number | null;
  /** The push that keeps it although its lease is over, and until when at the latest. */
  readonly push: (GoingPush & { readonly until: number }) | null;
  /** Set when no manifest names it, no object is made of it, no lease and no push keeps it. */
  readonly garbage: { readonly since: number; readonly deletableFrom: number } | null;
  /** When this was true. */
  readonly now: number;
}

/** The answer to a digest, or to the beginning of one. */
export type WhyAnswer =
  | { readonly kind: "explained"; readonly explanation: Explanation }
  | { readonly kind: "unknown" }
  /** There is no such tag; `held` is what the repository holds instead, null when it holds nothing. */
  | {
      readonly kind: "untagged";
      readonly repository: RepositoryName;
      readonly tag: Tag;
      readonly held: HeldManifests | null;
    }
  /** More than one begins so. */
  | { readonly kind: "ambiguous"; readonly digests: readonly Digest[] }
  /** Neither an image nor a digest, nor the beginning of one. */
  | { readonly kind: "malformed" };

/** Most paths that are listed, and names and repositories of each. */
const told = 5;
/** Manifests that are looked at on the way up; deeper than any real index. */
const lookedAt = 500;
const beginning = /^(?:(sha256|sha512):)?([0-9a-f]{8,128})$/;

/** Explains the content or manifest that `text` names: an image, or a digest or its beginning; `sha256:` may be left out. */
export async function explainContent(deps: WhyDeps, text: string): Promise<WhyAnswer> {
  const [, algorithm, hex] = beginning.exec(text.toLowerCase()) ?? [];
  if (hex === undefined) return explainImage(deps, text);
  const algorithms = algorithm === undefined ? ["sha256", "sha512"] : [algorithm];
  const found: Digest[] = [];
  for (const each of algorithms) {
    const exact = readDigest(`${each}:${hex}`);
    const some = await deps.metadata.findDigests(exact ?? `${each}:${hex}`, told + 1);
    found.push(...some);
  }
  const [digest, ...others] = found;
  if (digest === undefined) return { kind: "unknown" };
  if (others.length > 0) return { kind: "ambiguous", digests: found };
  return { kind: "explained", explanation: await explain(deps, digest) };
}

/** A digest, or its beginning; `sha256:` may be left out. */
export const isDigestBeginning = (text: string): boolean => beginning.test(text.toLowerCase());

async function explainImage(deps: WhyDeps, text: string): Promise<WhyAnswer> {
  const image = deps.readImage(text);
  if (image === null) return { kind: "malformed" };
  const { repository, reference } = image;
  if ("digest" in reference) return explainContent(deps, reference.digest);
  const { tag } = reference;
  const digest = await deps.metadata.findTagged(repository, tag);
  if (digest !== null) return { kind: "explained", explanation: await explain(deps, digest) };
  const held = await deps.metadata.describeRepository(repository, told);
  // `registry.example.org/team/app:1` may be pasted from the command that pushed it.
  const withoutHost = text.replace(/^(?:[a-z-]+:\/\/)?[^/]*\.[^/]*\//, "");
  if (held === null && withoutHost !== text) return explainImage(deps, withoutHost);
  return { kind: "untagged", repository, tag, held };
}

async function explain(
  { metadata, clock, minAgeMs }: WhyDeps,
  digest: Digest,
): Promise<Explanation> {
  const now = clock();
  const content = await metadata.findAges(digest);
  const links = await metadata.listLinks(digest, told);
  const own = await metadata.listManifests(digest, told);
  const naming = await metadata.listNaming(digest, null, told);
  const objects = await metadata.listObjects(digest, told);
  const bottoms = own.some.length > 0 ? own.some : naming.some;
  const chains: Chain[] = [];
  for (const bottom of bottoms) chains.push(await climb(metadata, bottom));
  const leased = content !== null && content.keptUntil > now;
  const isNamed = naming.some.length > 0 || objects.some.length > 0;
  const isKept = content === null || leased || isNamed;
  const push = isKept
    ? null
    : await metadata.findPush(digest, ageLimits({ minAgeMs, leaseMs: minAgeMs }, now));
  return {
    digest,
    content,
    isManifest: own.some.length > 0,
    chains,
    moreChains: own.more || naming.more,
    objects,
    links: links.some,
    moreLinks: links.more,
    leasedUntil: leased ? content.keptUntil : null,
    push: push && content && { ...push, until: content.keptUntil + longestPushMs },
    garbage: isKept || push !== null ? null : garbageOf(content, minAgeMs),
    now,
  };
}

/** The conditions of the collection, as times. */
function garbageOf({ createdAt, keptUntil, releasedAt }: ContentAges, minAgeMs: number) {
  const since = Math.max(createdAt, keptUntil, releasedAt ?? 0);
  return { since, deletableFrom: Math.max(since, createdAt + minAgeMs) };
}

/** The shortest way up to a tag: through the indexes that name a manifest, and the subject that it is about. */
async function climb(metadata: UsageMetadata, bottom: KeepingManifest): Promise<Chain> {
  const { repository } = bottom;
  const seen = new Set<Digest>([bottom.digest]);
  const chains: (readonly [KeepingManifest, ...KeepingManifest[]])[] = [[bottom]];
  let highest: readonly KeepingManifest[] = [bottom];
  for (const chain of chains) {
    const [top] = chain;
    if (chain.length > highest.length) highest = chain;
    const tags = await metadata.listTagsOf(repository, top.digest, told);
    if (tags.some.length > 0) {
      return { repository, tags: tags.some, moreTags: tags.more, manifests: chain };
    }
    for (const parent of await parentsOf(metadata, top)) {
      if (seen.has(parent.digest) || seen.size >= lookedAt) continue;
      seen.add(parent.digest);
      chains.push([parent, ...chain]);
    }
  }
  return { repository, tags: [], moreTags: false, manifests: highest };
}

async function parentsOf(
  metadata: UsageMetadata,
  { repository, digest, subject }: KeepingManifest,
): Promise<readonly KeepingManifest[]> {
  const indexes = (await metadata.listNaming(digest, repository, lookedAt)).some;
  if (subject === null) return indexes;
  const subjects = (await metadata.listManifests(subject, lookedAt)).some;
  return [...indexes, ...subjects.filter((it) => it.repository === repository)];
}
