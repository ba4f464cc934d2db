// Scripts and style of the pages, as the build packed them (.dev/assets.ts). Loaded at the first request for one.
import bucket from "./assets/bucket.js.gz" with { type: "file" };
import live from "./assets/live.js.gz" with { type: "file" };
import style from "./assets/page.css.gz" with { type: "file" };
import script from "./assets/page.js.gz" with { type: "file" };
import setup from "./assets/setup.js.gz" with { type: "file" };
import type { AssetName } from "./frame.ts";

/** A packed file, by the name that its address begins with. */
export interface Asset {
  readonly name: AssetName;
  /** Of the file packed with gzip. */
  readonly path: string;
  readonly mediaType: string;
}

const javascript = "text/javascript;charset=utf-8";

/** All of them. */
export const assets: readonly Asset[] = [
  { name: "page.css", path: style, mediaType: "text/css;charset=utf-8" },
  { name: "page.js", path: script, mediaType: javascript },
  { name: "setup.js", path: setup, mediaType: javascript },
  { name: "live.js", path: live, mediaType: javascript },
  { name: "bucket.js", path: bucket, mediaType: javascript },
];
