// The storage's names for its bytes: kept in rows, and opaque elsewhere.

/** The name content is stored under; a name is never reused. Opaque outside the storage room. */
export type Locator = string & { readonly __brand: "Locator" };

/** Opaque text the storage keeps with a session in the database (on S3: upload id, parts, key); empty if it needs none. */
export type StagingState = string & { readonly __brand: "StagingState" };
