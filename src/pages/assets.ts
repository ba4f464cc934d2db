// Scripts and style of the pages, as the build packed them (.dev/assets.ts). Loaded at the first request for one.
import style from "./assets/page.css.gz" with { type: "file" };
import script from "./assets/page.js.gz" with { type: "file" };

/** A packed file, by the name that its address begins with. */
export interface Asset {
  readonly name: "page.css" | "page.js";
  /** Of the file packed with gzip. */
  readonly path: string;
  readonly mediaType: string;
}

/** All of them. */
export const assets: readonly Asset[] = [
  { name: "page.css", path: style, mediaType: "text/css;charset=utf-8" },
  { name: "page.js", path: script, mediaType: "text/javascript;charset=utf-8" },
];
