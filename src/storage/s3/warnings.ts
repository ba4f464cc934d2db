// What about a bucket loses bytes, or keeps them for ever, although every call succeeds. For people: nothing is refused for it.
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  type LifecycleRule,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { type BucketClient, callMs } from "./client.ts";
import { formatKey } from "./guard.ts";
import { folders } from "./names.ts";

/** What has to stay until we delete it. */
const needed: readonly string[] = [folders.data, folders.parts, folders.staging, formatKey];
const ours: readonly string[] = [...needed, folders.damaged];
/** Objects in these cannot be read before a person has them restored. */
const archives: readonly string[] = ["GLACIER", "DEEP_ARCHIVE"];

/** Sentences for the operator. What the server cannot tell, or not to this user, is left out. */
export async function bucketWarnings(client: BucketClient): Promise<readonly string[]> {
  const [versioned, rules, others] = await Promise.all([
    isVersioned(client).catch(() => false),
    lifecycleOf(client).catch(() => []),
    othersIn(client).catch(() => []),
  ]);
  return [
    ...ruleWarnings(rules, client.prefix),
    ...(versioned && !rules.some(({ forgets }) => forgets) ? [versionedText(client)] : []),
    ...(others.length > 0 ? [sharedText(client, others.slice(0, 5))] : []),
  ];
}

/** A rule of the bucket's lifecycle, as far as it matters here. */
export interface Rule {
  readonly name: string;
  readonly prefix: string;
  readonly deletes: boolean;
  readonly archives: boolean;
  /** It deletes versions that were replaced or deleted. */
  readonly forgets: boolean;
}

/** Rules that end content which rows need. Pure. @param prefix of the store. */
export function ruleWarnings(rules: readonly Rule[], prefix: string): readonly string[] {
  return rules.flatMap((rule) => {
    const meets = needed.some((key) => overlap(rule.prefix, prefix + key));
    if (!meets || !(rule.deletes || rule.archives)) return [];
    const does = rule.deletes ? "deletes objects" : "moves objects to an archive";
    return [
      `the lifecycle rule "${rule.name}" of the bucket ${does} below "${rule.prefix}", blobs among them: they would be lost to every image that needs them. Disable it, or limit it to other keys.`,
    ];
  });
}

/** Pure. @returns null for a rule that is off, or for objects with tags: ours have none. */
export function readRule({ ID, Status, Filter, ...rule }: LifecycleRule): Rule | null {
  const tagged = Filter?.Tag !== undefined || (Filter?.And?.Tags?.length ?? 0) > 0;
  if (Status !== "Enabled" || tagged) return null;
  return {
    name: ID ?? "",
    prefix: Filter?.Prefix ?? Filter?.And?.Prefix ?? rule.Prefix ?? "",
    deletes: rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined,
    archives: (rule.Transitions ?? []).some(({ StorageClass = "" }) =>
      archives.includes(StorageClass),
    ),
    forgets: rule.NoncurrentVersionExpiration?.NoncurrentDays !== undefined,
  };
}

const overlap = (one: string, other: string): boolean =>
  one.startsWith(other) || other.startsWith(one);

const versionedText = ({ bucket }: BucketClient): string =>
  `the bucket ${bucket} keeps versions: what is deleted goes on using space. Add a lifecycle rule that deletes noncurrent versions, or suspend versioning.`;

const sharedText = ({ bucket, prefix }: BucketClient, others: readonly string[]): string =>
  `something else writes below "${prefix}" in the bucket ${bucket}: ${others.join(", ")}. Give Breadbox a storage.s3.prefix of its own.`;

async function isVersioned(client: BucketClient): Promise<boolean> {
  const input = { Bucket: client.bucket };
  const { Status } = await client.call(
    "GetBucketVersioning",
    { attemptMs: callMs },
    (s3, options) => s3.send(new GetBucketVersioningCommand(input), options),
  );
  return Status === "Enabled";
}

async function lifecycleOf(client: BucketClient): Promise<readonly Rule[]> {
  const input = { Bucket: client.bucket };
  const { Rules = [] } = await client.call(
    "GetBucketLifecycleConfiguration",
    { attemptMs: callMs },
    (s3, options) => s3.send(new GetBucketLifecycleConfigurationCommand(input), options),
  );
  return Rules.map(readRule).filter((rule) => rule !== null);
}

/** Names on the store's top level that are none of ours, up to a thousand. @throws S3Error */
export async function othersIn(client: BucketClient): Promise<readonly string[]> {
  const input = { Bucket: client.bucket, Prefix: client.prefix, Delimiter: "/" };
  const { Contents = [], CommonPrefixes = [] } = await client.call(
    "ListObjectsV2",
    { attemptMs: callMs },
    (s3, options) => s3.send(new ListObjectsV2Command(input), options),
  );
  const keys = [...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)];
  return keys
    .map((key = "") => key.slice(client.prefix.length))
    .filter((key) => key !== "" && !ours.includes(key));
}
