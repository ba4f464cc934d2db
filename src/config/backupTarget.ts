// Where backups go, as it is written in one text: a directory, or the URL of a bucket of another Breadbox.
import { readBucketName } from "../model/objectNames.ts";
import { type ServerAddress, serverAddress, withoutLogin } from "./server.ts";
import { type Kind, optionalPath, ValueError } from "./values.ts";

/** A bucket of another Breadbox, and what the names of the objects in it begin with. */
export interface TargetBucket {
  readonly server: ServerAddress;
  readonly bucket: string;
  /** "" or `nightly/`. */
  readonly prefix: string;
  /** The URL without user and password: for people. */
  readonly name: string;
}

/** A target as it was named. */
export type TargetAddress =
  | { readonly kind: "directory"; readonly path: string }
  | ({ readonly kind: "bucket" } & TargetBucket);

const example =
  "Examples: /mnt/backups, https://boxes.example/backups, https://token:bbx_…@boxes.example/backups/nightly.";
/** Where a server is below a path, this is how its end is told from the bucket. */
const marker = "/v1/buckets/";

/** @throws ValueError, whose message never has a part of the text: it may hold a password. */
export function readTarget(text: string): TargetAddress {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: "directory", path: text };
  if (!/^https?:\/\//i.test(text)) {
    throw new ValueError(`is neither a directory nor an http:// or https:// URL. ${example}`);
  }
  const url = URL.parse(text);
  if (url === null || url.search !== "" || url.hash !== "") {
    throw new ValueError(`is not the URL of a bucket. ${example}`);
  }
  const at = url.pathname.indexOf(marker);
  const base = at < 0 ? "" : url.pathname.slice(0, at);
  const names = namesOf(url.pathname.slice(at < 0 ? 1 : at + marker.length));
  const [bucket = "", ...folders] = names;
  if (readBucketName(bucket) === null || folders.some((name) => /^\.{0,2}$/.test(name))) {
    throw new ValueError(`names no bucket, or no valid one. ${example}`);
  }
  url.pathname = base;
  const server = serverAddress.parse(url.href);
  const place = [bucket, ...folders.map(encodeURIComponent)].join("/");
  const name = base === "" ? `${server.url}/${place}` : `${server.url}${marker}${place}`;
  return {
    ...{ kind: "bucket", server, bucket, name },
    prefix: folders.map((folder) => `${folder}/`).join(""),
  };
}

/** @throws ValueError */
function namesOf(path: string): string[] {
  try {
    return path.replace(/\/+$/, "").split("/").map(decodeURIComponent);
  } catch {
    throw new ValueError(`is not the URL of a bucket. ${example}`);
  }
}

/** Without user and password. */
export function showTarget(text: string): string {
  const address = readTarget(text);
  return address.kind === "bucket" ? address.name : address.path;
}

/** The text itself; nothing for none. It is shown without user and password. */
export const backupTarget: Kind<string> = {
  parse(text) {
    if (text === "") return text;
    return readTarget(text).kind === "directory" ? optionalPath.parse(text) : text;
  },
  show: (text) => (/^https?:\/\//i.test(text) ? withoutLogin(text) : text),
};
