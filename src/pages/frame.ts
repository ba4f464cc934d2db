// What every page is drawn with, besides its own contents: who looks at it, and how.

/** Who looks at a page. */
export interface Visitor {
  /** As a person is addressed, such as `ann`; null for nobody in particular. */
  readonly name: string | null;
  /** `open` where nobody has to log in; `unknown` where a request was refused before anybody asked. */
  readonly door: "open" | "closed" | "unknown";
  /** Parts of the navigation that are of use to this visitor only. */
  readonly may: {
    /** Manage users, tokens and rules. */
    readonly manage: boolean;
    /** See uploads and collections. */
    readonly operate: boolean;
    /** Read the audit trail. */
    readonly audit: boolean;
    /** Open `/swagger`, where it is served. */
    readonly explore: boolean;
  };
}

/** `auto` follows the system. */
export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** @returns `auto` for anything else. */
export function readTheme(text: string | null | undefined): Theme {
  return themes.find((theme) => theme === text) ?? "auto";
}

/** Addresses of scripts and style, which name their version. */
export type AssetUrls = Readonly<Record<AssetName, string>>;

/** Scripts and style. `page.js` is on every page, each of the others on the few that need it. */
export const assetNames = ["page.css", "page.js", "setup.js", "live.js", "bucket.js"] as const;
export type AssetName = (typeof assetNames)[number];

/** The circumstances of one page. */
export interface Frame {
  readonly visitor: Visitor;
  readonly theme: Theme;
  /** Path and query of this page: where its small forms lead back to. */
  readonly address: string;
  /** Leads to the login, and then back here. */
  readonly login: string;
  /** Where clients reach this server: `http.url`, else the origin by which the visitor came, such as `http://localhost:5000`. */
  readonly origin: string;
  readonly assets: AssetUrls;
  /** Unix ms. */
  readonly now: number;
}
