import { expect, test } from "bun:test";
import type { Finding } from "../../src/fsck/findings.ts";
import { describeFinding, repairText } from "../../src/fsck/findingText.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { locator, tag } from "../contract/metadataRows.ts";
import { keyOf } from "../support/objectStore.ts";

const manifest = {
  repository: parseRepositoryName("team/app"),
  digest: digestOf(new Uint8Array()),
};

test.each([
  [["subject"], "subject differs from"],
  [["references"], "references differ from"],
  [["referrers"], "referrers differ from"],
  [["references", "subject"], "references and subject differ from"],
] as const)("a finding about rows of %p reads: %s", (what, words) => {
  expect(describeFinding({ kind: "derivedDiffers", manifest, what, tags: [] })).toBe(
    `manifest team/app@${manifest.digest}: ${words} what it says.`,
  );
});

const [one, two] = [keyOf("backups/one"), keyOf("backups/path/to/two")];
const id = makeUploadId("01a1f7e5-93cb-728c-8028-5a61b9c8f780");
const content = { digest: manifest.digest, size: 5, locator: locator("x"), damagedAt: null };
const nobody = { repositories: [], tags: [], more: false };
const part = { upload: id, number: 3, version: "x", object: two, size: 5 };

test.each([
  [
    "object backups/path/to/two: its row says 1 byte, its content has 5.",
    { kind: "objectSizeDiffers", object: two, digest: manifest.digest, size: 1, contentSize: 5 },
  ],
  [
    "bucket backups: it is said to hold 1 object (10 bytes), it holds 2 (10 bytes).",
    {
      kind: "bucketMiscounted",
      bucket: one.bucket,
      noted: { objects: 1, bytes: 10 },
      counted: { objects: 2, bytes: 10 },
    },
  ],
  [
    "bucket backups: it is said to hold 2 objects (10 bytes), it holds 1 (5 bytes). Objects are lost; their content may still be stored, so no garbage is collected.",
    {
      kind: "objectsLost",
      bucket: one.bucket,
      noted: { objects: 2, bytes: 10 },
      counted: { objects: 1, bytes: 5 },
    },
  ],
  [
    "object backups/\\u{202e}one: its row says 1 byte, its content has 5.",
    {
      kind: "objectSizeDiffers",
      object: keyOf("backups/\u202eone"),
      digest: manifest.digest,
      size: 1,
      contentSize: 5,
    },
  ],
  [
    `upload ${id} of backups/path/to/two: part 3 is missing. The upload cannot be completed with it.`,
    { kind: "partLost", part, fault: "missing" },
  ],
  [
    `upload ${id} of backups/path/to/two: part 3 is longer than its 5 acknowledged bytes. The upload cannot be completed with it.`,
    { kind: "partLost", part, fault: "longer" },
  ],
  [
    `${manifest.digest} (5 B): the file is missing. Objects to be put again: backups/one, backups/path/to/two.`,
    {
      kind: "contentMissing",
      content,
      holders: { ...nobody, objects: { some: [one, two], others: 0 } },
    },
  ],
  [
    `${manifest.digest} (5 B): the file is missing. Pulls fail: team/app:v1. Objects to be put again: backups/one, backups/one, backups/one and 7 more.`,
    {
      kind: "contentMissing",
      content,
      holders: {
        ...nobody,
        tags: [{ repository: manifest.repository, name: tag("v1") }],
        objects: { some: [one, one, one, two], others: 6 },
      },
    },
  ],
] as const satisfies readonly (readonly [string, Finding])[])("it says: %s", (words, finding) => {
  expect(describeFinding(finding)).toBe(words);
});

const session = { id, repository: "team/app", offset: 5 };
const tags = [{ repository: manifest.repository, name: tag("v1") }];
const name = `manifest team/app@${manifest.digest}`;

test.each([
  [
    `${manifest.digest} (5 B): known to be damaged, waiting for a push. Nothing refers to it.`,
    { kind: "contentWaits", content, holders: { ...nobody, objects: { some: [], others: 0 } } },
  ],
  [
    `${manifest.digest} (5 B): marked as damaged, but its file is there. No tag needs it; it belongs to a and 1+ more.`,
    {
      kind: "contentInPlace",
      content,
      holders: {
        repositories: [parseRepositoryName("a"), parseRepositoryName("b")],
        tags: [],
        more: true,
        objects: { some: [], others: 0 },
      },
    },
  ],
  [
    `${manifest.digest}: something that is not a file is in its place. Pulls fail: team/app:v1 and 0+ more.`,
    {
      kind: "contentSizeDiffers",
      content,
      found: null,
      holders: { repositories: [], tags, more: true, objects: { some: [], others: 0 } },
    },
  ],
  [
    `${name}: its bytes are damaged (team/app:v1). Pushing it again repairs it; a backup would, too.`,
    { kind: "manifestDamaged", manifest, found: manifest.digest, tags },
  ],
  [
    `${name}: its bytes are right, but this version cannot read them: no layers`,
    { kind: "manifestUnread", manifest, reason: "no layers" },
  ],
  [
    `${name} needs ${manifest.digest}, which team/app does not hold (team/app:v1). Pulls of it fail until it is pushed again.`,
    { kind: "incomplete", manifest, missing: manifest.digest, tags },
  ],
  [
    `${name} lists ${manifest.digest}, which team/app does not hold. Other entries can be pulled.`,
    { kind: "entryMissing", manifest, missing: manifest.digest, tags: [] },
  ],
  [
    `upload ${id} of team/app: not all of its 5 acknowledged bytes are there. Its client has to start again.`,
    { kind: "sessionShort", session },
  ],
  [`upload ${id} of team/app: nothing is staged yet.`, { kind: "sessionWithoutBytes", session }],
  [
    `staged bytes of ${id} belong to no upload: the server's cleanup removes them.`,
    { kind: "stagedWithoutSession", id },
  ],
  [
    "the database is damaged: page 3. Restore it from a backup.",
    { kind: "databaseDamaged", fault: "page 3" },
  ],
  [
    `${manifest.digest} is in use and on the list of what will be deleted.`,
    { kind: "trashInUse", content },
  ],
  ["tmp/x is not a file of Breadbox.", { kind: "unknownName", name: "tmp/x" }],
  ["The bucket expires blobs.", { kind: "placeWarning", sentence: "The bucket expires blobs." }],
] as const satisfies readonly (readonly [string, Finding])[])("it tells: %s", (words, finding) => {
  expect(describeFinding(finding)).toBe(words);
});

test("every repair says what it does, in words of its own", () => {
  const kinds = [
    ...(["setAside", "mark", "decide", "derive", "endSession", "keep"] as const),
    ...(["refit", "recount", "forgetLost", "forgetPart"] as const),
  ];
  const texts = kinds.map(repairText);
  expect(new Set(texts).size).toBe(kinds.length);
  expect(texts).toContain("ends the upload");
});
