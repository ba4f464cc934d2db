// What the storage calls its bytes: kept in rows, and opaque to everybody else.

/** The name content is stored under; a name is never used twice. Opaque outside of the storage room. */
export type Locator = string & { readonly __brand: "Locator" };

/** Opaque text the storage keeps with a session in the database (on S3: upload id, parts, key); empty if it needs none. */
export type StagingState = string & { readonly __brand: "StagingState" };
