// Why a data directory cannot be used. Not RegistryErrors: no client sees them, the operator reads them at the start.
import { showBytes } from "../amounts.ts";

/** The database was written by a newer Breadbox, or by one that this build does not know. */
export class SchemaTooNewError extends Error {
  override readonly name = "SchemaTooNewError";

  /** @param path the database; @param schema name of the first migration this build does not know. */
  constructor(path: string, schema: string) {
    super(
      `${path} has a schema (${schema}) that this version does not know: run the Breadbox that wrote it or a newer one, or restore a backup from before the upgrade`,
    );
  }
}

/** A command of a newer version found a running server of an older one. */
export class SchemaTooOldError extends Error {
  override readonly name = "SchemaTooOldError";

  constructor(path: string) {
    super(
      `${path} has an older schema and a server is using it: restart the server with this version first, it upgrades the database`,
    );
  }
}

/** The database cannot be saved before its schema is changed: it is left as it is. */
export class NotSavedError extends Error {
  override readonly name = "NotSavedError";

  /** @param bytes that the saved database takes. */
  constructor(path: string, bytes: number, cause: unknown) {
    super(
      `${path} has to be brought to this version's schema, and cannot be saved beside itself before that (${cause instanceof Error ? cause.message : cause}): free ${showBytes(bytes)} on its disk and start again. Nothing was changed; the version before still runs`,
      { cause },
    );
  }
}

/** Another process serves this data directory. */
export class DirectoryBusyError extends Error {
  override readonly name = "DirectoryBusyError";
  /** Process id of the holder; null when it could not be read. */
  readonly pid: number | null;

  constructor(directory: string, pid: number | null) {
    const holder =
      pid === null ? "another breadbox server" : `another breadbox server (pid ${pid})`;
    super(`${directory} is in use by ${holder}: stop it first, or choose another data directory`);
    this.pid = pid;
  }
}

/** A command that works on what is there found nothing. */
export class NoStoreError extends Error {
  override readonly name = "NoStoreError";

  constructor(directory: string) {
    super(
      `${directory} is not a data directory of Breadbox, or was never served: name the right one with --data DIR`,
    );
  }
}

/** A data directory that holds images of another registry, which would be served as an empty one. */
export class ForeignStoreError extends Error {
  override readonly name = "ForeignStoreError";

  constructor(directory: string, { place, of }: { readonly place: string; readonly of: string }) {
    super(
      [
        `${directory} holds images of another registry: ${place} is the layout of ${of}. Breadbox cannot read it where it is, and would serve an empty registry instead.`,
        "Take its images over into a directory of Breadbox. The old one is not changed, and on the same file system nothing is copied:",
        `  breadbox import ${directory} --data /srv/breadbox`,
        "  breadbox serve --data /srv/breadbox",
        "docs/MIGRATION.md has more: other registries, and what to check before the old directory is deleted.",
      ].join("\n"),
    );
  }
}

/** Database and data directory do not belong together: one of them is lost, or comes from elsewhere. */
export class StoreMismatchError extends Error {
  override readonly name = "StoreMismatchError";
}

/** A file of the data directory is no database, or no longer one. */
export class DatabaseDamagedError extends Error {
  override readonly name = "DatabaseDamagedError";

  /** @param remedy what to do about it. */
  constructor(path: string, remedy: string) {
    super(`${path} is damaged, or is no database of Breadbox: ${remedy}`);
  }
}

/** The SQLite library of this build can lose data. */
export class SqliteTooOldError extends Error {
  override readonly name = "SqliteTooOldError";
}

/** A database server that cannot be reached, refuses the login, or is not fit for Breadbox. */
export class DatabaseUnfitError extends Error {
  override readonly name = "DatabaseUnfitError";
}

/** True for errors whose message is all an operator needs: no stack. */
export function isOperatorError(error: unknown): error is Error {
  return (
    error instanceof SchemaTooNewError ||
    error instanceof SchemaTooOldError ||
    error instanceof NotSavedError ||
    error instanceof DirectoryBusyError ||
    error instanceof NoStoreError ||
    error instanceof StoreMismatchError ||
    error instanceof ForeignStoreError ||
    error instanceof DatabaseDamagedError ||
    error instanceof SqliteTooOldError ||
    error instanceof DatabaseUnfitError
  );
}
