// What the data directories of earlier versions hold.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "../support/bytes.ts";
import { run } from "../support/processes.ts";

/** What is in one of them besides the constants below. */
export interface Contents {
  /** Digests by tag, of `team/app`. */
  readonly tags: Readonly<Record<string, string>>;
  /** A blob of `team/app` that was mounted into `team/copy`. */
  readonly mounted: string;
  /** A manifest whose subject is the image `v1`. */
  readonly referrer: string;
  /** Path of an open upload session that has the first half of `staged`. */
  readonly session: string;
  /** An open upload in parts for `partsObject`, with its one part. */
  readonly multipart: {
    readonly id: string;
    readonly part: { readonly part_number: number; readonly etag: string };
  };
}

export const bucket = "backups";
/** An object that came whole. */
export const object = { name: "notes/today.txt", bytes: Buffer.from("remember the milk") };
/** An object in two parts; the open upload is to replace it. */
export const partsObject = "db.tar";
export const partOf = (number: number): Uint8Array => randomBytes(`upgrade/part ${number}`, 2000);
export const staged = randomBytes("upgrade/staged", 4000);

/** By the commit that wrote them: each that add.ts has made. */
export const versions: readonly (readonly [name: string, contents: Contents])[] = readdirSync(
  import.meta.dir,
)
  .filter((name) => name.endsWith(".json"))
  .map((name) => [
    name.replace(".json", ""),
    JSON.parse(readFileSync(join(import.meta.dir, name), "utf8")),
  ]);

/** Makes a data directory of one of them. */
export async function unpack(name: string, data: string): Promise<void> {
  mkdirSync(data);
  await run(["tar", "-C", data, "-xzf", join(import.meta.dir, `${name}.tar.gz`)]);
}
