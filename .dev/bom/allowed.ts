// Which licenses a package inside the executable may be under: those that ask for nothing but their text and their notice.
import type { Component } from "./contents.ts";

/** SPDX identifiers. */
export const allowedLicenses: readonly string[] = [
  ...["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Unlicense"],
];

/** The runtime, the packages, and those inside of them; what the runtime links is under its publisher's own words. */
export const packagesOf = (contents: readonly Component[]): readonly Component[] =>
  contents.flatMap((each) => (each.name === "bun" ? [each] : [each, ...each.inside]));
