// Runs the conformance program against a fresh registry, and reads its results.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry } from "../support/binary.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";

const apiSwitches = [
  ...["PING", "PULL", "PUSH", "REFERRER"],
  ...["BLOBS_ATOMIC", "BLOBS_DELETE", "BLOBS_DIGEST_HEADER", "BLOBS_MOUNT_ANONYMOUS"],
  ...["BLOBS_UPLOAD_CANCEL", "MANIFESTS_ATOMIC", "MANIFESTS_DELETE", "MANIFESTS_DIGEST_HEADER"],
  ...["MANIFESTS_TAG_PARAM", "TAGS_ATOMIC", "TAGS_DELETE", "TAGS_LIST"],
];
const dataSwitches = [
  ...["IMAGE", "INDEX", "INDEX_LIST", "SPARSE", "ARTIFACT", "SUBJECT", "SUBJECT_MISSING"],
  ...["ARTIFACT_LIST", "SUBJECT_LIST", "DATA_FIELD", "NONDISTRIBUTABLE", "CUSTOM_FIELDS"],
  ...["NO_LAYERS", "EMPTY_BLOB", "SHA512"],
];

/** One way to run the program. */
export interface Mode {
  /** `OCI_VERSION`. */
  readonly version: string;
  /** In the report: what is switched on. */
  readonly description: string;
  readonly switches: Readonly<Record<string, string>>;
  /** Settings of the registry that differ from the defaults. */
  readonly settings: Readonly<Record<string, string>>;
  /** Rows that the program itself leaves out in this mode. */
  readonly disabled: readonly string[];
  /** Everybody has to log in; the program does, with an access token for its own repositories. */
  readonly hasAccounts: boolean;
}

const on = (prefix: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${prefix}_${name}`, "true"]));

const specifications: readonly Omit<Mode, "hasAccounts">[] = [
  {
    version: "1.1",
    description: "the program's defaults; the registry's defaults",
    switches: {},
    settings: {},
    disabled: [
      "Blob upload cancel",
      "Manifest put with tag params",
      "Sparse Manifests",
      "Tag Param",
      "Tag Param sha512",
    ],
  },
  {
    version: "dev",
    description: "every API and data switch on; the registry with `registry.sparse=all`",
    switches: { ...on("OCI_API", apiSwitches), ...on("OCI_DATA", dataSwitches) },
    settings: { BREADBOX_REGISTRY_SPARSE: "all" },
    disabled: [],
  },
];

/** The released specification as the program tests it by default, and the coming one with everything there is: without a login, and with one. */
export const modes: readonly Mode[] = [
  ...specifications.map((each) => ({ ...each, hasAccounts: false })),
  ...specifications.map(({ description, switches, disabled, ...rest }) => ({
    ...{ ...rest, hasAccounts: true, description: `with accounts; ${description}` },
    // A token is for the repositories that it was asked for, and a mount without `from` names none.
    switches: { ...switches, OCI_API_BLOBS_MOUNT_ANONYMOUS: "false" },
    disabled: ["Blob anonymous mount", ...disabled],
  })),
];

/** What one run amounts to. */
export interface Results {
  readonly counts: Counts;
  /** Commit that the program says it was built from; `unknown` when it does not know. */
  readonly commit: string;
  /** Row → `Pass`, `FAIL`, `Skip` or `Disabled`. */
  readonly apis: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  /** Names and reasons of the checks that did not pass. */
  readonly complaints: readonly string[];
}

/** Checks by how they ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly disabled: number;
  readonly total: number;
}

/** Runs the program once, against the compiled binary with an empty data directory.
 *  @throws Error when it leaves no results. */
export async function runSuite(program: string, mode: Mode): Promise<Results> {
  await using scope = new Scope();
  const env = mode.hasAccounts
    ? { ...mode.settings, BREADBOX_AUTH_MODE: "required" }
    : mode.settings;
  const registry = await startRegistry(scope, { env });
  const folder = tempFolder(scope, "conformance");
  const finished = await run([program], {
    cwd: folder,
    env: {
      OCI_VERSION: mode.version,
      ...mode.switches,
      OCI_REGISTRY: registry.host,
      OCI_TLS: "disabled",
      OCI_RESULTS_DIR: folder,
      ...(mode.hasAccounts ? await loginFor(registry) : {}),
    },
    mayFail: true,
  });
  return {
    ...readRows(readFileSync(join(folder, "results.yaml"), "utf8")),
    counts: readCounts(finished.stdout),
    complaints: readComplaints(finished.stdout),
  };
}

async function loginFor({ data, env }: RunningRegistry) {
  const grant = ["--grant", "conformance/**:pull,push,overwrite,delete", "--json"];
  const create = [await breadboxBinary(), "token", "create", "suite", ...grant, "--data", data];
  const { token } = JSON.parse((await run(create, { env })).stdout);
  // Tokens that are kept are for one repository, and a mount needs two.
  return { OCI_USERNAME: "suite", OCI_PASSWORD: String(token), OCI_CACHE_AUTH: "false" };
}

/** @throws Error when these are no results of the program. */
function readRows(text: string): Pick<Results, "apis" | "commit" | "data"> {
  const results: unknown = Bun.YAML.parse(text);
  const section = (name: string): Record<string, string> => {
    const found: unknown = Object(results)[name];
    const rows = Object.entries(Object(found)).map(([row, status]) => [row, String(status)]);
    if (rows.length === 0) throw new Error(`the results have no ${name}\n${text}`);
    return Object.fromEntries(rows);
  };
  const { commit = "unknown" } = section("config");
  return { commit, apis: section("apis"), data: section("data") };
}

/** @throws Error when the closing table is missing. */
function readCounts(output: string): Counts {
  const count = (word: string): number => {
    const found = new RegExp(`^  ${word}\\.+: +(\\d+)$`, "m").exec(output);
    if (found === null) throw new Error(`the conformance program counts no ${word}\n${output}`);
    return Number(found[1]);
  };
  return {
    passed: count("Pass"),
    failed: count("FAIL") + count("Error"),
    skipped: count("Skip"),
    disabled: count("Disabled"),
    total: count("Total"),
  };
}

/** Leaves of the tree that the program prints, with the reasons in the lines below them. */
function readComplaints(output: string): string[] {
  const [tree = ""] = output.split("OCI Conformance Result:");
  return tree
    .split(/^ *OCI Conformance Test/m)
    .filter((part) => /^\S.*: (?:FAIL|Skip|Error)\n +- /m.test(part) || / - /.test(part))
    .map((part) => part.trim());
}
