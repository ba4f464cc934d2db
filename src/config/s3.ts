// The settings of an S3 bucket: the kinds of their values, and what is made of them.
import { listOf, network } from "./lists.ts";
import { serverUrl } from "./serverUrl.ts";
import { setting } from "./setting.ts";
import { duration, type Kind, oneOf, toggle, ValueError } from "./values.ts";

/** The name of a bucket; nothing for none. */
const bucketName: Kind<string> = {
  parse(text) {
    if (text === "" || /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text)) return text;
    throw new ValueError(
      "is no bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens, without s3:// and without a path.",
    );
  },
  show: (value) => value,
};

/** The beginning of all keys: with a slash at its end, or nothing. */
const keyPrefix: Kind<string> = {
  parse(text) {
    const bare = text.replace(/\/$/, "");
    if (bare === "") return "";
    const isSound = bare
      .split("/")
      .every((name) => /^[A-Za-z0-9._-]+$/.test(name) && name !== "." && name !== "..");
    if (!isSound || bare.length > 200) {
      throw new ValueError(
        "is no beginning of keys: letters, digits, `.`, `_` and `-`, with single slashes between them, at most 200 characters.",
      );
    }
    return `${bare}/`;
  },
  show: (value) => value,
};

/** One line without spaces around it, such as an access key; nothing for none. */
const keyText: Kind<string> = {
  parse(text) {
    if (/^[\x21-\x7e]*$/.test(text)) return text;
    throw new ValueError("holds a space, a line break or a character that no key has.");
  },
  show: (value) => value,
};

/** Rows of the table (settings.ts). */
export const bucketSettings = {
  "storage.s3.bucket": setting(
    bucketName,
    "",
    "Bucket for blobs and unfinished uploads, which must exist. Empty: they are files in the data directory. The database stays there either way.",
  ),
  "storage.s3.endpoint": setting(
    serverUrl,
    "",
    "URL of the S3 server, such as `https://s3.example.com` or `http://127.0.0.1:9000`. Empty: Amazon's, by the region.",
  ),
  "storage.s3.region": setting(
    keyText,
    "us-east-1",
    "Region of the bucket. Servers other than Amazon's mostly take any.",
  ),
  "storage.s3.prefix": setting(
    keyPrefix,
    "",
    "Beginning of all keys, such as `breadbox/`. Nothing else may write below it. It cannot be changed once something is stored.",
  ),
  "storage.s3.addressing": setting(
    oneOf("auto", "path", "host"),
    "auto",
    "Where the bucket's name is: `path` is `https://s3.example.com/bucket`, `host` is `https://bucket.s3.example.com`. `auto` is `path` with `storage.s3.endpoint`, and `host` on Amazon.",
  ),
  "storage.s3.accessKeyId": setting(
    keyText,
    "",
    "Access key. Without it the usual places are asked: `AWS_ACCESS_KEY_ID`, the files of the AWS CLI, the role of the container, pod or machine.",
  ),
  "storage.s3.secretAccessKey": setting(
    keyText,
    "",
    "Secret of `storage.s3.accessKeyId`. Better in a file: `BREADBOX_STORAGE_S3_SECRET_ACCESS_KEY_FILE`.",
    { secret: true },
  ),
  "storage.s3.redirect": setting(
    oneOf("auto", "on", "off"),
    "auto",
    "Sends clients that pull a blob to the bucket (307 to a signed URL), so that its bytes do not pass through this server. `auto`: with `storage.s3.publicEndpoint`, and on Amazon. Never done for a client that would send its login there too (the bucket is at the same host name or at a name below it, or the client is known for it), from HTTPS to HTTP, or for several ranges.",
  ),
  "storage.s3.publicEndpoint": setting(
    serverUrl,
    "",
    "URL of the S3 server as clients reach it. Empty: `storage.s3.endpoint`.",
  ),
  "storage.s3.redirectTtl": setting(
    duration("1m", "7d"),
    "20m",
    "How long a signed URL can be used. It is a key to one blob for whoever has it.",
  ),
  "storage.s3.redirectNetworks": setting(
    listOf(network),
    "",
    "Addresses and networks of the clients that reach the bucket, such as `10.0.0.0/8`. Others get bytes from this server. Empty: all reach it.",
  ),
  "storage.s3.checksums": setting(
    toggle,
    "true",
    "Sends a CRC32 with all bytes, which the server compares. Off for servers that refuse it.",
  ),
  "storage.s3.equalParts": setting(
    toggle,
    "false",
    "Sends parts of 8 MiB only, for servers that want equal parts (Cloudflare R2). Layers can then have 78 GiB at most, otherwise 492 GiB. Change it only while no upload is open.",
  ),
} as const;

/** A bucket. */
export interface BucketConfig {
  readonly bucket: string;
  /** null: Amazon's, by the region. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Before every key, with its slash. */
  readonly prefix: string;
  readonly pathStyle: boolean;
  /** null: from the usual places. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  readonly checksums: boolean;
  readonly equalParts: boolean;
  /** Where clients are sent that pull; null: nowhere. */
  readonly links: {
    /** null: Amazon's, by the region. */
    readonly endpoint: string | null;
    readonly ttlMs: number;
  } | null;
}

/** Values of these settings. */
export type BucketValues = {
  readonly [K in keyof typeof bucketSettings]: ReturnType<
    (typeof bucketSettings)[K]["kind"]["parse"]
  >;
};

function linksOf(config: BucketValues, endpoint: string | null): BucketConfig["links"] {
  const asked = config["storage.s3.redirect"];
  const outside = config["storage.s3.publicEndpoint"] || null;
  // The endpoint of a server in the same network is mostly of no use to clients.
  const isOn = asked === "on" || (asked === "auto" && (outside !== null || endpoint === null));
  return isOn ? { endpoint: outside ?? endpoint, ttlMs: config["storage.s3.redirectTtl"] } : null;
}

/** @returns null where bytes are files in the data directory. */
export function bucketOf(config: BucketValues): BucketConfig | null {
  const bucket = config["storage.s3.bucket"];
  if (bucket === "") return null;
  const endpoint = config["storage.s3.endpoint"] || null;
  const addressing = config["storage.s3.addressing"];
  const accessKeyId = config["storage.s3.accessKeyId"];
  const secretAccessKey = config["storage.s3.secretAccessKey"];
  return {
    ...{ bucket, endpoint, region: config["storage.s3.region"] },
    prefix: config["storage.s3.prefix"],
    pathStyle: addressing === "path" || (addressing === "auto" && endpoint !== null),
    credentials: accessKeyId === "" ? null : { accessKeyId, secretAccessKey },
    checksums: config["storage.s3.checksums"],
    equalParts: config["storage.s3.equalParts"],
    links: linksOf(config, endpoint),
  };
}
