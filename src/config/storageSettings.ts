// The settings of staged and stored bytes: a part of the table in settings.ts.
import { bucketSettings } from "./s3.ts";
import { setting } from "./setting.ts";
import { count, duration, seconds, size, toggle } from "./values.ts";

/** By their place in the file. */
export const storageSettings = {
  "storage.uploadTimeout": setting(
    duration("1s", "3650d"),
    "1h",
    "An upload session that received no byte for this long is removed, with its bytes.",
    {
      aliases: [
        { name: "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE" },
        { name: "REGISTRY_UPLOAD_TIMEOUT" },
      ],
    },
  ),
  "storage.staleAfter": setting(
    duration("1s", "3650d"),
    "1d",
    "Unfinished bytes that no upload session knows of, as a crash leaves them (unfinished uploads to a bucket among them), are removed after this long, and after `storage.uploadTimeout` if that is less.",
  ),
  "storage.cleanupInterval": setting(
    duration("1s", "24d"), // timers know no more
    "5m",
    "How often expired upload sessions are removed; the first time is at start.",
    { aliases: [{ name: "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_INTERVAL" }] },
  ),
  ...bucketSettings,
  "storage.multipart.enabled": setting(
    toggle,
    "true",
    "Allows multipart uploads of objects. Off: such requests are answered with 405; objects can still be put in one request.",
  ),
  "storage.multipart.maxParts": setting(count(1, 99_999), "10000", "Most parts of one object."),
  "storage.multipart.maxPartBytes": setting(
    size("1KiB", "1TiB"),
    "128MiB",
    "Largest part of an object. `storage.multipart.maxParts` times this is the largest object.",
  ),
  "storage.multipart.maxUploadTtlSeconds": setting(
    seconds("1s", "3650d"),
    "86400",
    "A multipart upload that received no part for this long expires. Seconds, or `24h`.",
  ),
} as const;
