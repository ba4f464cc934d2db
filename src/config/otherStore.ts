// The store that `breadbox migrate` fills: what the command line names, and everything else as it is set.
import { resolve } from "node:path";
import { bucketSettings } from "./s3.ts";
import { type Config, settings } from "./settings.ts";
import { databaseSettings, type StoreConfig, storeOf } from "./store.ts";
import { ValueError } from "./values.ts";

/** Places as they were written. */
export interface NamedPlaces {
  /** `postgres://…` */
  readonly database: string | null;
  /** `s3://bucket/prefix` */
  readonly bucket: string | null;
  /** A directory for rows and bytes. */
  readonly data: string | null;
}

/** @throws ValueError */
export function otherStore(config: Config, { database, bucket, data }: NamedPlaces): StoreConfig {
  if (data !== null) return { ...inDirectory(config, data), database: null, bucket: null };
  return storeOf({
    ...config,
    ...(database === null ? {} : { "database.url": databaseOf(database) }),
    ...(bucket === null ? {} : bucketOf(bucket)),
  });
}

function inDirectory(config: Config, text: string): StoreConfig {
  const data = resolve(settings.data.kind.parse(text));
  if (data === resolve(config.data)) throw new ValueError("is the data directory itself.");
  return { ...storeOf(config), data };
}

function databaseOf(text: string): string {
  const url = databaseSettings["database.url"].kind.parse(text);
  if (url === "") throw new ValueError("names no database.");
  return url;
}

function bucketOf(text: string) {
  const found = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text);
  if (found === null) {
    throw new ValueError(
      "is no bucket such as s3://images or s3://images/breadbox. Its server and its keys are settings: storage.s3.endpoint, storage.s3.accessKeyId …",
    );
  }
  const [, bucket = "", prefix = ""] = found;
  return {
    "storage.s3.bucket": bucketSettings["storage.s3.bucket"].kind.parse(bucket),
    "storage.s3.prefix": bucketSettings["storage.s3.prefix"].kind.parse(prefix),
  };
}
