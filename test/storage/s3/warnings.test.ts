// What is said of a bucket that loses bytes, or keeps them, although every call succeeds.
import { describe, expect, test } from "bun:test";
import {
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { BucketOptions } from "../../../src/storage/s3/client.ts";
import { readRule, ruleWarnings } from "../../../src/storage/s3/warnings.ts";
import { FakeS3 } from "../../support/fakeS3.ts";
import { radosgwNeeds, startRadosgw } from "../../support/radosgw.ts";
import { onServer } from "../../support/s3Server.ts";
import { newPrefix, openReplica } from "./stores.ts";

const said = (rule: LifecycleRule) => {
  const read = readRule({ ID: "clean", ...rule });
  return ruleWarnings(read === null ? [] : [read], "box/");
};

describe("a lifecycle rule is warned of", () => {
  test.each<[string, LifecycleRule]>([
    ["for the whole bucket", { Status: "Enabled", Expiration: { Days: 30 } }],
    ["for the prefix", { Status: "Enabled", Filter: { Prefix: "box/" }, Expiration: { Days: 1 } }],
    ["for blobs", { Status: "Enabled", Filter: { Prefix: "box/data/0" }, Expiration: { Days: 1 } }],
    ["of the old form", { Status: "Enabled", Prefix: "bo", Expiration: { Date: new Date() } }],
    [
      "that moves blobs to an archive",
      { Status: "Enabled", Filter: {}, Transitions: [{ Days: 9, StorageClass: "DEEP_ARCHIVE" }] },
    ],
  ])("%s", (_, rule) => {
    expect(said(rule)).toHaveLength(1);
    expect(said(rule)[0]).toContain('the lifecycle rule "clean"');
  });
});

describe("a lifecycle rule is harmless", () => {
  test.each<[string, LifecycleRule]>([
    ["that is off", { Status: "Disabled", Expiration: { Days: 30 } }],
    ["elsewhere", { Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 30 } }],
    [
      "for what was set aside",
      { Status: "Enabled", Filter: { Prefix: "box/damaged/" }, Expiration: { Days: 30 } },
    ],
    [
      "for objects with a tag",
      { Status: "Enabled", Filter: { Tag: { Key: "a", Value: "b" } }, Expiration: { Days: 30 } },
    ],
    [
      "for unfinished uploads",
      { Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    ],
    [
      "for old versions",
      {
        Status: "Enabled",
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
    ],
    [
      "that moves blobs to a cheaper class",
      { Status: "Enabled", Transitions: [{ Days: 30, StorageClass: "STANDARD_IA" }] },
    ],
  ])("%s", (_, rule) => {
    expect(said(rule)).toEqual([]);
  });
});

test("something else below the same prefix is named, and a server that tells nothing else is enough", async () => {
  const server = new FakeS3();
  const prefix = newPrefix();
  const storage = await openReplica(server.bucket, prefix);
  expect(await storage.repair.warnings()).toEqual([]);

  server.objects.set(`${prefix}photos/cat.jpg`, new Uint8Array(1));

  expect(await storage.repair.warnings()).toEqual([expect.stringContaining("photos/")]);
  expect(await Array.fromAsync(storage.repair.listUnknown())).toEqual(["photos/"]);
  await storage.close();
  await server.stop();
});

const settings = ({ bucket }: { readonly bucket: BucketOptions }) => {
  test("of the bucket are warned of: versions, and a rule that deletes", async () => {
    const { endpoint, region, credentials } = bucket;
    if (endpoint === null || credentials === null) throw new Error("a server of its own");
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const storage = await openReplica(bucket, newPrefix());
    expect(await storage.repair.warnings()).toEqual([]);
    await client.send(
      new PutBucketVersioningCommand({
        Bucket: bucket.bucket,
        VersioningConfiguration: { Status: "Enabled" },
      }),
    );
    const rule = { ID: "tidy", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 3 } };
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket.bucket,
        LifecycleConfiguration: { Rules: [{ ...rule, Status: "Enabled" }] },
      }),
    );

    const warnings = await storage.repair.warnings();

    expect(warnings).toEqual([
      expect.stringContaining('the lifecycle rule "tidy" of the bucket deletes objects'),
      expect.stringContaining("keeps versions"),
    ]);
    client.destroy();
    await storage.close();
  });
};

await onServer("radosgw", radosgwNeeds, startRadosgw, (server) => {
  describe("settings on a real server", () => settings(server));
});
