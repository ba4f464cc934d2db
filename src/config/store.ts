// Where the rows are: in the data directory, or in a PostgreSQL database. Where the bytes are: there, or in a bucket (s3.ts).

import type { HookRule } from "../model/hookEvents.ts";
import { type BucketConfig, type BucketValues, bucketOf } from "./s3.ts";
import { setting } from "./setting.ts";
import { count, duration, type Kind, optionalPath, toggle, ValueError } from "./values.ts";
import { hookRules, type WebhookConfig } from "./webhooks.ts";

const example = "Example: postgres://breadbox:password@db.example.com:5432/breadbox.";

/** The URL of a database; nothing for the one in the data directory. */
const databaseUrl: Kind<string> = {
  parse(text) {
    if (text === "") return text;
    // Several hosts, one after the other, are no URL of the standard.
    const url = URL.parse(text.replace(/,[^/@]*(?=\/)/, ""));
    if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) {
      throw new ValueError(`is no URL that begins with postgres://. ${example}`);
    }
    if (url.pathname.length < 2) throw new ValueError(`names no database. ${example}`);
    return text;
  },
  show: (value) => value,
};

/** The rows of the table (settings.ts). */
export const databaseSettings = {
  "database.url": setting(
    databaseUrl,
    "",
    "PostgreSQL database for everything but the bytes of blobs, such as `postgres://breadbox:password@db.example.com/breadbox`; better in a file: `BREADBOX_DATABASE_URL_FILE`. Without it, the database is a file in the data directory. `?sslmode=verify-full` demands TLS with a certificate that the system trusts, `require` TLS with any certificate, `disable` none; without it TLS is used if the server offers it.",
    { secret: true },
  ),
  "database.ca": setting(
    optionalPath,
    "",
    "File with the CA certificates (PEM) of `database.url`. With it, the connection is encrypted, and the server's certificate must be signed by one of them and name its host.",
  ),
  "database.connections": setting(
    count(2, 1_000),
    "16",
    "Most connections to PostgreSQL of one server. Its maintenance worker uses up to four more.",
  ),
  "database.statementTimeout": setting(
    duration("1s", "1h"),
    "30s",
    "How long PostgreSQL may work on one statement of a request. The request is then answered with 503. Statements of maintenance have an hour.",
  ),
  "database.pooled": setting(
    toggle,
    "false",
    "On: the connections are those of a pooler in transaction mode (PgBouncer), which knows neither prepared statements nor settings of a session.",
  ),
} as const;

/** A PostgreSQL database. */
export interface DatabaseConfig {
  readonly url: string;
  /** File; "" for none. */
  readonly ca: string;
  readonly connections: number;
  readonly statementTimeoutMs: number;
  readonly pooled: boolean;
}

type Values = {
  readonly [K in keyof typeof databaseSettings]: ReturnType<
    (typeof databaseSettings)[K]["kind"]["parse"]
  >;
};

/** Where everything is stored. */
export interface StoreConfig {
  /** The data directory. */
  readonly data: string;
  /** null: in the data directory. */
  readonly database: DatabaseConfig | null;
  /** null: bytes are files in the data directory. */
  readonly bucket: BucketConfig | null;
  /** Webhooks that changes are written down for; none unless it is said. Without secrets. */
  readonly hooks?: readonly HookRule[];
}

type Given = Values & BucketValues & Pick<StoreConfig, "data">;

/** The part of the configuration that opens the store. */
export const storeOf = (
  config: Given & { readonly webhooks: readonly WebhookConfig[] },
): StoreConfig => ({
  data: config.data,
  hooks: hookRules(config.webhooks),
  database: databaseOf(config),
  bucket: bucketOf(config),
});

function databaseOf(config: Values): DatabaseConfig | null {
  const url = config["database.url"];
  if (url === "") return null;
  return {
    url,
    ca: config["database.ca"],
    connections: config["database.connections"],
    statementTimeoutMs: config["database.statementTimeout"],
    pooled: config["database.pooled"],
  };
}
