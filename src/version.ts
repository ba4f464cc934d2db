// Name and version of this build. build.ts replaces the three constants; from sources they say so.
declare const BREADBOX_VERSION: string | undefined;
declare const BREADBOX_COMMIT: string | undefined;
declare const BREADBOX_TARGET: string | undefined;

/** Version of the program, from package.json at build time. */
export const version = typeof BREADBOX_VERSION === "string" ? BREADBOX_VERSION : "0.0.0-source";
/** Commit it was built from. */
export const commit = typeof BREADBOX_COMMIT === "string" ? BREADBOX_COMMIT : "none";
/** Platform it was built for, such as `linux-x64`. */
export const target = typeof BREADBOX_TARGET === "string" ? BREADBOX_TARGET : "source";
