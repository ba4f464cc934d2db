// What the data directories of earlier versions hold.
import { randomBytes } from "../support/bytes.ts";

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
