// Who may import whom and what is reserved for one room, as tables, and the judges that name whoever breaks a rule. Pure: they see names
// and texts only. Rules about words, sizes and versions are in textRules.ts.
import { dirname, join } from "node:path/posix";

/** Rooms and top-level files that import nothing but leaves. */
const bare = [
  ...["errors.ts", "ambient.ts", "opened.ts", "version.ts", "spelling.ts", "plainText.ts"],
  "amounts.ts",
  ...["client", "model", "durability", "workers", "migrate", "tls", "telemetry", "process"],
];
const copying = ["metadata", "durability", "config", "ambient.ts", "ports.ts"];
/** Rooms and top-level files of `src/`, with what each may import. */
const rights: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(bare.map((name) => [name, []])),
  content: [],
  registry: ["content"],
  uploads: ["content"],
  objects: ["content"],
  clock: [],
  gc: ["content", "clock"],
  fsck: ["content", "gc"],
  jobs: ["content", "clock", "gc", "fsck", "workers"],
  import: ["content", "registry"],
  images: ["content", "registry"],
  migrate: ["import"],
  backup: ["client", "import", "migrate", "gc", "durability"],
  access: ["workers"],
  webhooks: [],
  storage: ["durability", "workers", "process"],
  metadata: ["durability", "drizzle", "process"],
  // Drawing only: what is drawn is handed over.
  pages: [],
  http: [
    ...["registry", "uploads", "objects", "gc", "access", "content", "durability", "telemetry"],
    ...["images", "pages", "webhooks", "fsck"],
  ],
  config: [],
  // What the maintenance worker does for a server; requests are none of its business.
  "background.ts": [
    ...["content", "clock", "gc", "fsck", "jobs", "metadata", "config", "telemetry"],
    ...["ambient.ts", "reports.ts"],
  ],
  // What the server does with what the maintenance worker reports.
  "reports.ts": [],
  "front.ts": ["config", "http", "ambient.ts"],
  "certificate.ts": ["config", "tls"],
  "hooks.ts": ["webhooks", "telemetry", "ambient.ts"],
  "login.ts": ["access", "config", "telemetry", "ambient.ts"],
  "ports.ts": ["storage", "metadata", "durability", "ambient.ts"],
  "backend.ts": [
    ...["content", "registry", "objects", "images", "config", "telemetry"],
    ...["ambient.ts", "login.ts"],
  ],
  // With it, the one file that knows all rooms; only the command line stands above it.
  "wiring.ts": [
    ...["uploads", "objects", "config", "telemetry", "http", "ambient.ts", "opened.ts", "process"],
    ...["front.ts", "backend.ts", "background.ts", "certificate.ts", "login.ts", "ports.ts"],
    "backup",
    ...["durability", "hooks.ts", "jobs"],
  ],
  // As much of it as commands need.
  "tool.ts": [
    ...["access", "content", "registry", "images", "uploads", "objects", "clock", "gc", "fsck"],
    ...["import", "webhooks", "durability", "config", "ambient.ts", "login.ts", "ports.ts"],
    "backup",
  ],
  // As much of it as a backup, and a copy of the whole store, need.
  "backingUp.ts": ["backup", "client", ...copying],
  "migrating.ts": ["migrate", ...copying],
  cli: [
    ...["wiring.ts", "tool.ts", "migrating.ts", "backingUp.ts"],
    ...["backup", "client", "config", "tls", "images", "fsck", "ambient.ts"],
  ],
  "main.ts": ["cli"],
};
/** Leaves that anyone may import: names, digests and ids among them. */
const leaves = ["errors.ts", "version.ts", "spelling.ts", "plainText.ts", "amounts.ts", "model"];
/** What a room may import the types of, besides: above all the interfaces of the ports, which are handed to it. */
const typeRights: Readonly<Record<string, readonly string[]>> = {
  access: ["metadata"],
  content: ["metadata", "storage", "durability"],
  registry: ["metadata", "storage"],
  uploads: ["metadata", "storage"],
  objects: ["metadata", "storage"],
  clock: ["metadata"],
  gc: ["metadata", "storage", "durability"],
  fsck: ["metadata", "storage", "durability"],
  jobs: ["metadata", "storage", "durability", "config"],
  import: ["metadata", "storage"],
  images: ["metadata", "storage"],
  migrate: ["metadata", "storage"],
  ...{ backup: ["metadata", "storage"], client: ["config"] },
  metadata: ["storage"],
  telemetry: ["gc", "jobs", "metadata"],
  webhooks: ["metadata"],
  http: ["metadata", "storage"],
  pages: ["images", "metadata", "storage"],
  cli: ["gc", "images", "import", "migrate", "jobs", "metadata", "webhooks"],
  "front.ts": ["telemetry"],
  "hooks.ts": ["clock", "config", "jobs", "ports.ts"],
  "login.ts": ["metadata"],
  "reports.ts": ["durability", "fsck", "gc", "jobs", "metadata", "storage", "telemetry"],
  "tool.ts": ["storage", "metadata"],
  "ports.ts": ["config"],
  "background.ts": ["durability", "objects", "ports.ts", "process", "storage"],
  "backend.ts": ["metadata", "access", "clock", "gc", "fsck", "http", "ports.ts", "uploads"],
};
/** A worker is a program of its own: it opens the ports that it needs. */
const entryPoints: Readonly<Record<string, readonly string[]>> = {
  "access/comparing/worker.ts": ["ambient.ts"],
  "jobs/worker.ts": ["ports.ts", "durability", "ambient.ts", "registry", "backingUp.ts"],
};

const node = {
  "node:fs": [
    ...["storage/", "metadata/", "config/", "process/", "import/", "backup/", "durability/"],
    ...["cli/portHolder.ts", "cli/serve.ts", "cli/failure.ts"], // /proc, for who holds a port; free space; read-only
    ...["cli/bucket/", "client/pieces.ts"], // files of whoever runs the command
    "tls/folder.ts", // the CA and its certificates
    "telemetry/output.ts", // writes to standard output without waiting for it
  ],
  "node:http": ["http/server.ts"], // the limit of a request's head
  "node:net": ["config/", "http/", "tls/"],
  "node:os": ["front.ts", "hooks.ts", "ambient.ts", "tls/source.ts", "cli/trustCa.ts"],
  "node:util": ["images/chartFiles.ts"],
  "node:zlib": ["images/chartFiles.ts"], // on another thread, and with a limit
  "node:path": [
    "storage/",
    "metadata/",
    "config/",
    "import/",
    "tls/",
    "backup/",
    "durability/",
    "backingUp.ts",
  ],
};
const tls = ["node:crypto", "node:tls", "@peculiar/x509", "@fishballpkg/acme", "reflect-metadata"];
const owning = (room: string, ...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, [room]]));
/** Who may import a package or a built-in module; one that is not here belongs to nobody yet. */
const owners: Readonly<Record<string, readonly string[]>> = {
  ...node,
  ...owning("tls/", ...tls),
  ...owning("telemetry/", "node:perf_hooks", "pino", "pino-pretty", "prom-client"),
  ...owning("metadata/", "bun:sqlite", "drizzle-orm"),
  ...owning("storage/s3/", "@aws-sdk/client-s3", "@smithy/fetch-http-handler", "hash-wasm"),
  ...owning("http/", "@elysiajs/swagger", "@sinclair/typebox", "elysia"),
  ...owning("pages/", "#jsx", "preact", "preact-render-to-string"),
  "bun:ffi": ["storage/", "process/"],
  commander: ["cli/"],
  croner: ["config/", "jobs/"],
  jose: ["access/"],
  postgres: ["metadata/postgres/"],
  yaml: ["config/"],
};

/** How something is imported: `import type` is erased, so that nothing of it runs. */
export type ImportKind = "value" | "type";

/** The room or top-level file that `specifier` leads to from `file` (relative to `src/`). */
function roomOf(file: string, specifier: string): string {
  const target = join("src", dirname(file), specifier).split("/");
  return target[0] === "src" ? (target[1] ?? "") : (target[0] ?? "");
}

/** @returns why `file` (relative to `src/`) may not import `specifier`, or null when it may. */
export function importObjection(
  file: string,
  specifier: string,
  kind: ImportKind = "value",
): string | null {
  if (!specifier.startsWith(".")) return kind === "type" ? null : packageObjection(file, specifier);
  const to = roomOf(file, specifier);
  const from = file.split("/")[0] ?? "";
  const more = kind === "type" ? (typeRights[from] ?? []) : [];
  const allowed = rights[from]?.concat(more);
  if (allowed === undefined) return `${from} is no room of the house`;
  if (to === from || leaves.includes(to) || allowed.includes(to)) return null;
  if (entryPoints[file]?.includes(to)) return null;
  return `${from} may not import ${kind === "type" ? "types of " : ""}${to}`;
}

/** Specifiers of `import type` and of types that are imported beside values. */
function typeImports(source: string): string[] {
  return [...source.matchAll(/^import type [^"]*from "([^"]+)"/gm)].map(([, path]) => path ?? "");
}

/**
 * @param files with names relative to `src/`. @returns rooms that import each other, types included, each circle once as
 * `a -> b -> a`.
 */
export function circles(
  files: readonly { readonly file: string; readonly text: string }[],
): string[] {
  const arrows = new Map<string, Set<string>>();
  for (const { file, text } of files) {
    const from = file.split("/")[0] ?? "";
    const all = arrows.get(from) ?? new Set<string>();
    arrows.set(from, all);
    for (const [, path = ""] of text.matchAll(/\bfrom "(\.[^"]+)"/g)) {
      const to = roomOf(file, path);
      if (to !== from) all.add(to);
    }
  }
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (room: string, path: readonly string[]): void => {
    if (path.includes(room)) {
      found.add([...path.slice(path.indexOf(room)), room].join(" -> "));
      return;
    }
    if (done.has(room)) return;
    for (const next of arrows.get(room) ?? []) walk(next, [...path, room]);
    done.add(room);
  };
  for (const room of arrows.keys()) walk(room, []);
  return [...found];
}

function packageObjection(file: string, specifier: string): string | null {
  const owned = Object.entries(owners).find(
    ([name]) => specifier === name || specifier.startsWith(`${name}/`),
  );
  if (owned === undefined) return `${specifier} has no owner yet`;
  const [name, folders] = owned;
  return folders.some((folder) => file.startsWith(folder))
    ? null
    : `${name} belongs to ${folders.join(", ")}`;
}

interface Reserved {
  /** Found in code without comments and types. */
  readonly pattern: RegExp;
  readonly rule: string;
  /** Files and folders it is reserved for. */
  readonly allowed: readonly string[];
}

const reserved: readonly Reserved[] = [
  {
    pattern: /\bprocess\.env\b|\bBun\.env\b/,
    rule: "the environment is read in config/",
    allowed: ["config/", "main.ts"],
  },
  {
    pattern: /\bDate\.now\b|\bnew Date\b(?:\(\)|(?!\())/,
    rule: "the clock is passed in",
    allowed: ["ambient.ts", "telemetry/"], // there: a log line's own time
  },
  {
    pattern: /\brandomUUID(?:v\d)?\b|\bMath\.random\b|\bgetRandomValues\b/,
    rule: "ids and randomness are passed in",
    allowed: ["ambient.ts", "access/"], // secrets: nobody may choose them
  },
  {
    pattern: /\bprocess\.exit\b/,
    rule: "only main.ts ends the process",
    allowed: ["main.ts", "jobs/worker.ts"], // there: the worker only
  },
  { pattern: /\bexport default\b/, rule: "exports are named", allowed: [] },
  { pattern: /\bexport\s*(?:\*|\{[^}]*\})\s*from\b/, rule: "no barrels", allowed: [] },
  { pattern: /\bnew (?:S3Client|SQL)\b/, rule: "one file a driver", allowed: ["storage/s3/"] },
];

const transpilers = {
  ts: new Bun.Transpiler({ loader: "ts", deadCodeElimination: false }),
  tsx: new Bun.Transpiler({
    loader: "tsx",
    deadCodeElimination: false,
    tsconfig: { compilerOptions: { jsx: "react-jsx", jsxImportSource: "#jsx" } },
  }),
};

/** What `scanImports` names for each JSX file: an older kind of JSX would need it. */
const notImported = "react";

/** @returns the rules that a source text breaks; `file` is relative to `src/`. */
export function sourceObjections(file: string, source: string): string[] {
  const judge = (kind: ImportKind) => (path: string) => {
    const objection = importObjection(file, path, kind);
    return objection === null ? [] : [`src/${file} imports ${path}: ${objection}`];
  };
  const transpiler = transpilers[file.endsWith(".tsx") ? "tsx" : "ts"];
  const values = transpiler
    .scanImports(source)
    .map(({ path }) => path)
    .filter((path) => path !== notImported);
  const imports = [
    ...values.flatMap(judge("value")),
    ...typeImports(source).flatMap(judge("type")),
  ];
  const code = transpiler.transformSync(source);
  const uses = reserved
    .filter(
      ({ pattern, allowed }) => !allowed.some((it) => file.startsWith(it)) && pattern.test(code),
    )
    .map(({ rule, pattern }) => `src/${file} has ${pattern.exec(code)?.[0]}: ${rule}`);
  return [...imports, ...uses];
}
