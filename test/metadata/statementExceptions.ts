// Statements that read many rows on purpose. Each entry says why; one that no statement needs any more fails the test.

/** Steps of plans that are as they should be: in statements that hold one of `of`, those that begin with one of `steps`. */
export interface Exception {
  readonly why: string;
  readonly of: readonly string[];
  readonly steps: readonly string[];
}

export const exceptions: readonly Exception[] = [
  {
    why: "Commands list all accounts, and the first page counts users; of signing keys there are two.",
    of: [
      'select count(*) from "users"',
      'from "users" order',
      'from "access_tokens" order',
      'from "access_rules" order',
      'from "trust_rules" order',
      '"signing_keys"',
    ],
    steps: ["SCAN"],
  },
  {
    why: "A collection reads everything that decides about life and death, once, before it deletes anything.",
    of: [
      ...[
        "IS NOT TRUE LIMIT 1",
        "NOT INDEXED",
        "m.media_type IN",
        "FROM tags AS t WHERE NOT EXISTS",
      ],
      "b.object_count > count(*)",
    ],
    steps: ["SCAN", "SEARCH o USING INDEX sqlite_autoindex_objects_1 (bucket_id=?)"],
  },
  {
    why: "What is there is counted: for a collection, for fsck, for what waits for a trash that is not empty.",
    of: [
      'coalesce(sum("size"), 0) from "contents"',
      'select count(*) from "objects"',
      'select count(*) from "manifests"',
      'select count(*) from "audit_entries"',
      'from "webhook_events" group by',
      "AND locator IN (SELECT locator FROM trash)",
      '"contents"."locator" = "trash"."locator"',
    ],
    steps: ["SCAN"],
  },
  {
    why: "fsck compares every row with what it names, once: no row is looked at again for another.",
    of: [
      "WHERE o.size <> c.size",
      "WHERE objects <> count OR bytes <> sum",
      "WHERE r.required = 1",
      'LEFT JOIN "referrers" AS r INDEXED BY referrers_by_manifest',
      'SELECT count(*) FROM "objects" AS o WHERE o.bucket_id = "buckets"."id"',
    ],
    steps: ["SCAN", "SEARCH o USING"],
  },
  {
    why: "A clock that was set forward postpones long leases.",
    of: ['update "contents" set "kept_until" = "contents"."kept_until" + ?'],
    steps: ["SCAN contents"],
  },
  {
    why: "Giving up lost objects asks of all content whether anything names it.",
    of: ['UPDATE "contents" SET kept_until = ? WHERE kept_until < ?'],
    steps: ["SCAN contents"],
  },
  {
    why: "Of checks there are two hundred.",
    of: ['"checks" where', 'from "checks"', 'update "checks"', 'SELECT id FROM "checks"'],
    steps: ["SCAN checks", "USE TEMP B-TREE FOR"],
  },
  {
    why: "The scrub asks once for thousands; an index would cost every push.",
    of: ['coalesce("contents"."verified_at", "contents"."created_at")'],
    steps: ["SCAN contents", "USE TEMP B-TREE FOR ORDER BY"],
  },
  {
    why: "The rule for untagged manifests looks at every manifest once, and then at those that are doomed.",
    of: ["temp.doomed"],
    steps: ["SCAN m", "SCAN d", "SCAN temp.doomed", "USE TEMP B-TREE FOR"],
  },
  {
    why: "Open uploads, looked through for a thousand files without a row, given up at a start.",
    of: [
      'from "upload_sessions" where "upload_sessions"."claim_owner" in',
      '"claim_owner" is not null',
    ],
    steps: ["SCAN upload_sessions", "SCAN multipart_uploads"],
  },
  {
    why: "The oldest session of a repository that counts: the index has them in that order, and the first one ends the look. One row for each repository that is pushed to.",
    of: ["INSERT INTO temp.pushes"],
    steps: [
      "SEARCH s USING INDEX upload_sessions_by_repository (repository=?)",
      "USE TEMP B-TREE FOR GROUP BY",
    ],
  },
  {
    why: "A bucket that is deleted: whether it has any object (one is read), its uploads, and completions of the last minutes.",
    of: [
      'select "name" from "objects" where "objects"."bucket_id" = ? limit ?',
      'from "multipart_uploads" where "multipart_uploads"."bucket_id" = ? order by',
      'delete from "completed_uploads" where "completed_uploads"."bucket" = ?',
    ],
    steps: ["SEARCH objects", "SEARCH multipart_uploads", "SCAN completed_uploads"],
  },
  {
    why: "A person asks what one repository holds: any manifest, the first tags in their order, what nothing names.",
    of: [
      'select "digest" from "manifests" where "manifests"."repository" = ? limit ?',
      'select "name" from "tags" where "tags"."repository" = ? order by "tags"."name" asc limit ?',
      'SELECT m.digest, m.pushed_at AS "pushedAt"',
    ],
    steps: ["SEARCH manifests", "SEARCH tags", "SEARCH m USING", "USE TEMP B-TREE FOR ORDER BY"],
  },
  {
    why: "Sums for people: of a window of content, of some manifests, of what has no name.",
    of: ["WITH p AS MATERIALIZED", "SELECT each.manifest"],
    steps: ["USE TEMP B-TREE FOR", "SCAN e USING COVERING INDEX"],
  },
  {
    why: "What an index found is put in order, or told once: rows of one digest, one manifest or one page.",
    of: [
      "SELECT b.name FROM holding",
      'where "trust_rules"."issuer" = ? order by',
      '"multipart_uploads"."expires_at" <',
      'select distinct "digest" from "manifests"',
      "SELECT push.repository, push.since",
      'from "tags" INDEXED BY "tags_by_manifest"',
      'from "manifest_references" INDEXED BY "manifest_references_by_digest" inner join "manifests"',
      'where "objects"."digest" = ? order by "buckets"."name"',
      "SELECT DISTINCT t.repository, t.name FROM above",
    ],
    steps: ["USE TEMP B-TREE FOR"],
  },
];
