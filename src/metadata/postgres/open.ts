// Opens a database of Postgres: finds or refuses it, brings its schema up to date, and hands out the port.
import { mkdir, readFile } from "node:fs/promises";
import { ifNoServer } from "../directoryHold.ts";
import {
  assertBelongsTogether,
  type BytesPlace,
  type Format,
  formatVersion,
  holdsContents,
  readFormat,
  writeFormat,
} from "../format.ts";
import type { Metadata } from "../metadata.ts";
import { DatabaseUnfitError, SchemaTooOldError, StoreMismatchError } from "../openErrors.ts";
import { assemble } from "../rows/assemble.ts";
import { voidClaims } from "../rows/deadClaims.ts";
import { askTime, clockErrorMs, DatabaseClock } from "./clock.ts";
import { Line, type LineOptions } from "./line.ts";
import { lookAt, migrate } from "./migrate.ts";
import { ownChecks } from "./ownChecks.ts";
import { type PostgresOptions, postgresRows } from "./rows.ts";
import { codeOf, troubleOf } from "./troubles.ts";

/** Which database, and how to connect to it. */
export interface PostgresDatabase extends Omit<LineOptions, "ca"> {
  /** File with the CA certificates of its server (PEM); "" for none. */
  readonly ca: string;
  /** Most connections at a time. */
  readonly connections: number;
}

/** What opening needs. */
export interface OpenOptions
  extends Pick<PostgresOptions, "latch" | "newId" | "patienceMs" | "random"> {
  readonly database: PostgresDatabase;
  /** The data directory, for the bytes; created if absent, unless nothing is. Its file `format` names the database's id. */
  readonly directory: string;
  /** False for a command that creates no store. */
  readonly creates?: boolean;
  /** A server holds the directory before it opens; a tool may work at the same time. */
  readonly role: "server" | "tool";
  /** Unix ms. */
  readonly clock: () => number;
  /** How long a database that cannot be reached is waited for, in ms. */
  readonly openingMs?: number;
  /** Where the bytes are; files of the directory unless it is said. */
  readonly bytes?: BytesPlace;
  /** How long a claim lasts without a sign of life, in ms. */
  readonly claimMs?: number;
}

/** An opened database. */
export interface OpenedPostgres {
  readonly metadata: Metadata;
  readonly storeId: string;
  /** True when an older version had written the database, and this opening brought its schema up to date. */
  readonly upgraded: boolean;
  /** The database's clock, Unix ms. */
  readonly clock: () => number;
  /** How far it and that of another server may be apart; ms. */
  readonly clockErrorMs: number;
}

/** How long a database that cannot be reached is waited for by default, in ms. It may be starting as well. */
const longestOpening = { server: 30_000, tool: 5_000 };
const pause = 250;
/** Three signs of life (`content/claim.ts`), so that one may be late. */
const defaultClaimMs = 9_000;

/**
 * Opens the database, and fills an empty one.
 * @throws SchemaTooNewError, SchemaTooOldError, StoreMismatchError, DatabaseUnfitError: `isOperatorError` tells them from accidents.
 */
export async function openPostgres(options: OpenOptions): Promise<OpenedPostgres> {
  const { directory, latch, newId, patienceMs, random } = options;
  const { creates = true } = options;
  if (creates) await mkdir(directory, { recursive: true, mode: 0o700 });
  const format = await readFormat(directory);
  const way = { ...options.database, ca: await readCa(options.database.ca) };
  const { storeId, upgraded } = await prepareDatabase(format, options, way);
  const { claimMs = defaultClaimMs } = options;
  const rows = postgresRows({ ...way, latch, newId, patienceMs, random, claimMs });
  let clock: DatabaseClock | null = null;
  try {
    clock = await DatabaseClock.open(() => askTime(rows));
    if (options.role === "server") for (const command of voidClaims) await rows.run(command, {});
    if (format === null && creates) {
      await writeFormat(directory, {
        version: formatVersion,
        database: storeId,
        rows: "postgres",
        bytes: options.bytes ?? "files",
      });
    }
  } catch (error) {
    clock?.close();
    await rows.close();
    throw error;
  }
  const { now } = clock;
  const close = () => {
    clock.close();
    return rows.close();
  };
  const metadata = { ...assemble(rows, ownChecks(rows)), close };
  return { metadata, storeId, upgraded, clock: now, clockErrorMs };
}

/** Where a database is, without its password. */
export function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return "database.url";
  }
}

/** @returns null for no file. @throws DatabaseUnfitError */
export async function readCa(path: string): Promise<string | null> {
  if (path === "") return null;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new DatabaseUnfitError(`database.ca cannot be read: ${String(error)}`);
  }
}

/** Checks that the database is the right one before it changes anything. */
function prepareDatabase(
  format: Format | null,
  options: OpenOptions,
  way: LineOptions,
): Promise<Pick<OpenedPostgres, "storeId" | "upgraded">> {
  const { directory, role, clock, newId } = options;
  const place = placeOf(way.url);
  const { openingMs = longestOpening[role], bytes = "files" } = options;
  return reaching({ way, place, openingMs }, async (line) => {
    const { storeId: stored, pending, hasContents } = await lookAt(line, place);
    const found = { id: stored, rows: "postgres", bytes, name: place } as const;
    await assertBelongsTogether(directory, format, found);
    if (format === null && hasContents && bytes === "files") await assertHolds(directory, place);
    assertMade(stored, options.creates !== false, place);
    const bringUp = () => migrate(line, { place, now: clock(), newStoreId: newId() });
    if (pending.length > 0 && stored !== null && role === "tool") {
      // A command must not change the schema under a running server of an older version; those of other machines do not show.
      const made = format === null ? null : await ifNoServer(directory, bringUp);
      if (made === null) throw new SchemaTooOldError(place);
      return { storeId: made.storeId, upgraded: made.applied > 0 };
    }
    const { storeId, applied } = await bringUp();
    return { storeId, upgraded: stored !== null && applied > 0 };
  });
}

/** The format file alone may have been deleted; a directory without content is another one, unless replicas share a bucket. */
async function assertHolds(directory: string, place: string): Promise<void> {
  if (await holdsContents(directory)) return;
  throw new StoreMismatchError(
    `${place} has the rows of another data directory, and ${directory} has no content: name the right one with --data DIR, or an empty database`,
  );
}

function assertMade(stored: string | null, creates: boolean, place: string): void {
  if (stored !== null || creates) return;
  throw new DatabaseUnfitError(`${place} has no store yet: start a server with it first`);
}

/** Made by another replica in the same moment: duplicate_table, duplicate_object, and a function or a type of that name. */
const madeByOthers = new Set(["42P07", "42710", "42723"]);

interface Way {
  readonly way: LineOptions;
  readonly place: string;
  readonly openingMs: number;
}

/** Uses a connection, again and again while none can be had. */
async function reaching<T>(
  { way, place, openingMs }: Way,
  use: (line: Line) => Promise<T>,
): Promise<T> {
  const until = performance.now() + openingMs;
  for (;;) {
    try {
      const line = await Line.open(way);
      try {
        return await use(line);
      } finally {
        line.drop();
      }
    } catch (error) {
      const mayPass = troubleOf(error) !== null || madeByOthers.has(codeOf(error));
      if (!mayPass || performance.now() > until) throw unfit(error, place);
    }
    await Bun.sleep(pause);
  }
}

/** What the server or the system says about a connection is for the operator; anything else is an accident. */
function unfit(error: unknown, place: string): unknown {
  const code = codeOf(error);
  const isAboutUs = /^(?:28|3D|42501)/.test(code) || troubleOf(error) === "line" || isTls(code);
  if (!isAboutUs || !(error instanceof Error)) return error;
  return new DatabaseUnfitError(`the database ${place} cannot be used: ${error.message}`);
}

const isTls = (code: string): boolean =>
  /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_|UNABLE_TO)/.test(code);
