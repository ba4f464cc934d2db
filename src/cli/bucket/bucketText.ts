// The output of the commands on buckets: facts in, text out.

import { counted, showBytes } from "../../amounts.ts";
import { type BucketAddress, showAddress } from "../../client/address.ts";
import type { BucketInfo, ObjectInfo, UploadInfo } from "../../client/answers.ts";
import type { ObjectPage } from "../../client/lists.ts";
import { plainText } from "../../plainText.ts";

/** `2026-01-31 14:05:00 UTC`. @param iso ISO 8601 in UTC. */
const showIso = (iso: string): string => `${iso.slice(0, 19).replace("T", " ")} UTC`;

/** Columns as wide as their widest cell. @param right right-aligned columns. */
function table(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return cells.join("  ").trimEnd();
  });
  return lines.join("\n");
}

/** Every bucket, and a line of totals. */
export function bucketsText(buckets: readonly BucketInfo[]): string {
  if (buckets.length === 0) return "There are no buckets. Create one: breadbox bucket create NAME";
  const rows = buckets.map(({ name, objects, size_bytes, created_at }) => [
    plainText(name),
    objects.toLocaleString("en"),
    showBytes(size_bytes),
    showIso(created_at),
  ]);
  const bytes = buckets.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  return [
    table([["BUCKET", "OBJECTS", "SIZE", "CREATED"], ...rows], [1, 2]),
    "",
    `${counted(buckets.length, "bucket")}, ${showBytes(bytes)}`,
  ].join("\n");
}

const sizeWidth = 8;
const timeWidth = 23;

/** A page of a bucket, without a heading: pages follow each other, so columns have fixed widths. */
export function objectLines({ items, prefixes }: ObjectPage): string {
  const objects = items.map(({ object, size_bytes, created_at }) => ({
    name: object,
    line: `${showBytes(size_bytes).padStart(sizeWidth)}  ${showIso(created_at)}  ${plainText(object)}`,
  }));
  const groups = prefixes.map((name) => ({
    name,
    line: `${" ".repeat(sizeWidth)}  ${" ".repeat(timeWidth)}  ${plainText(name)}`,
  }));
  return [...objects, ...groups]
    .sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))
    .map(({ line }) => line)
    .join("\n");
}

/** The line below the last page. */
export function objectsEnd(sum: {
  readonly objects: number;
  readonly bytes: number;
  readonly prefixes: number;
}): string {
  if (sum.objects + sum.prefixes === 0) return "There are no objects.";
  const folders = sum.prefixes === 0 ? [] : [counted(sum.prefixes, "folder")];
  // What is in a folder was not listed: its size is not known here.
  if (sum.objects === 0) return `\n${folders.join("")}`;
  return `\n${[`${counted(sum.objects, "object")} (${showBytes(sum.bytes)})`, ...folders].join(", ")}`;
}

const facts = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => `${name.padEnd(8)}  ${value}`).join("\n");

const exactBytes = (bytes: number): string => `${showBytes(bytes)} (${counted(bytes, "byte")})`;

/** One bucket. */
export const bucketText = ({ name, objects, size_bytes, created_at }: BucketInfo): string =>
  facts([
    ["bucket", plainText(name)],
    ["objects", objects.toLocaleString("en")],
    ["size", exactBytes(size_bytes)],
    ["created", showIso(created_at)],
  ]);

/** One object. */
export const objectText = (found: ObjectInfo): string =>
  facts([
    ["object", plainText(showAddress(found))],
    ["size", exactBytes(found.size_bytes)],
    ["type", plainText(found.content_type)],
    ["digest", found.digest],
    ["created", showIso(found.created_at)],
    ...sharedBy(found),
  ]);

function sharedBy({ repositories = [] }: ObjectInfo): readonly (readonly [string, string])[] {
  return repositories.length === 0 ? [] : [["also in", plainText(repositories.join(", "))]];
}

/** The removed bucket or object. */
export const removedText = (target: BucketAddress): string =>
  target.object === ""
    ? `Removed bucket ${target.bucket}.`
    : `Removed ${plainText(showAddress(target))}.`;

/** Open uploads of a bucket, and a line of totals. */
export function uploadsText(uploads: readonly UploadInfo[]): string {
  if (uploads.length === 0) return "No uploads are open.";
  const rows = uploads.map((upload) => [
    upload.upload_id,
    String(upload.parts),
    showBytes(upload.size_bytes),
    showIso(upload.expires_at),
    plainText(upload.object),
  ]);
  const bytes = uploads.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  return [
    table([["UPLOAD", "PARTS", "SIZE", "EXPIRES", "OBJECT"], ...rows], [1, 2]),
    "",
    `${counted(uploads.length, "open upload")}, ${showBytes(bytes)}`,
  ].join("\n");
}
