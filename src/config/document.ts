// Writes docs/CONFIGURATION.md from the table, so that the page cannot lag behind the program.
import { CONFIG_VARIABLE } from "./environment.ts";
import { DEFAULT_FILE, SYSTEM_FILE } from "./load.ts";
import { envName } from "./names.ts";
import { flagText } from "./setting.ts";
import { type SettingKey, settingKeys, settingOf } from "./settings.ts";

const fallbackOf = (key: SettingKey): string => {
  const { kind, fallback } = settingOf(key);
  return String(kind.show(kind.parse(fallback)));
};

const code = (text: string): string => `\`${text}\``;

function row(key: SettingKey): string {
  const { doc, flag, aliases = [], secret } = settingOf(key);
  const flags = flag ? [code(flagText(flag, (value) => value))] : [];
  const names = [envName(key), ...aliases.map(({ name }) => name)].map(code);
  const hidden = secret ? " Never printed." : "";
  const given = [...flags, ...names].join("<br>");
  const fallback = fallbackOf(key);
  return `| ${code(key)} | ${fallback === "" ? "none" : code(fallback)} | ${doc}${hidden} | ${given} |`;
}

const listenRow = code("http.listen");

/** The whole page, with its final line break. */
export function configurationDocument(): string {
  return `# Configuration

<!-- Printed by src/config/document.ts. Change src/config/settings.ts, then run:
     bun src/main.ts config docs > docs/CONFIGURATION.md -->

Breadbox runs without any configuration. Every setting below can be given in four places; the first one
that names it counts:

1. an option of \`breadbox serve\`,
2. an environment variable \`BREADBOX_…\`,
3. a variable \`REGISTRY_…\` that an existing setup of distribution/distribution already has,
4. the configuration file.

\`breadbox config check\` reports every mistake, with line and column. \`breadbox config show --origin\`
prints the value of every setting and where it came from.

## Settings

| Setting | Default | Meaning | Option and variables |
| --- | --- | --- | --- |
${settingKeys.map(row).join("\n")}

Durations: \`90s\`, \`15m\`, \`24h\`, \`7d\`, \`1h30m\`, or a bare number of seconds.
Sizes: \`512KiB\`, \`10MiB\` (powers of 1024), \`5GB\` (powers of 1000), or a bare number of bytes.
Switches: \`true\` or \`false\`; \`yes\`, \`no\`, \`on\`, \`off\`, \`1\` and \`0\` work too.
Lists: a YAML list in the file, one text with commas everywhere else. Quote what begins with \`*\`.
${listenRow} takes \`HOST:PORT\`, \`:PORT\` for every address, \`[IPv6]:PORT\`, or a bare port for this machine only.
Relative paths start at the working directory.

## The file

The file is YAML. It is the one named by \`--config\`, else by \`${CONFIG_VARIABLE}\`, else \`${DEFAULT_FILE}\` in the
working directory, else \`${SYSTEM_FILE}\`; only one file is read. All keys are optional and may be
written \`likeThis\` or \`like_this\`, and in one line as \`http.listen\`. An unknown key, a key that is set twice and a value that does not fit are
errors. \`breadbox config show\` prints a file to start from:

\`\`\`yaml
http:
  listen: ":5000"
  shutdownGrace: 2m
log:
  level: debug
\`\`\`

## Environment variables

- Any setting: \`BREADBOX_\` and its path in capitals, with \`_\` between words. \`gc.minAge\` is \`${envName("gc.minAge")}\`.
- \`BREADBOX_…_FILE\` names a file that holds the value (secrets of Docker, Podman and Kubernetes). Setting both is an error.
- A variable that is set to nothing counts as not set.
- A \`BREADBOX_…\` variable without a setting causes a warning.
- \`REGISTRY_…\` variables of distribution/distribution, also those that hold a whole section as YAML or JSON
  (\`REGISTRY_STORAGE_MAINTENANCE_READONLY={"enabled":true}\`):

| Variable | Effect |
| --- | --- |
| the variables in the table above | used |
| \`REGISTRY_AUTH=htpasswd\`, \`REGISTRY_AUTH_HTPASSWD_PATH\` | used: the users of the file may do what distribution allows them ([ACCESS.md](ACCESS.md)) |
| \`REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED=false\`, \`…_DRYRUN=true\` | used: \`storage.uploadTimeout\` is ten years |
| \`REGISTRY_AUTH…\` of other kinds (a token server) | refused |
| \`REGISTRY_STORAGE=s3\`, \`REGISTRY_STORAGE_S3_…\`, \`…_AZURE_…\`, \`…_GCS_…\`, \`…_INMEMORY\` and every other driver | refused: images would be kept in the data directory instead |
| \`REGISTRY_PROXY_REMOTEURL\` | refused: a cache would become an empty registry that anyone can push to |
| \`REGISTRY_CONFIGURATION_PATH\` | refused: the file that it names cannot be used here |
| \`REGISTRY_HTTP_TLS_LETSENCRYPT…\`, \`…_CIPHERSUITES…\`, several \`REGISTRY_HTTP_TLS_CLIENTCAS_…\`, \`…_CLIENTAUTH\` other than \`require-and-verify-client-cert\` | refused: see [TLS.md](TLS.md) |
| \`REGISTRY_HTTP_PREFIX\`, \`REGISTRY_HTTP_HEADERS…\` (but \`X-Content-Type-Options\`), \`REGISTRY_HTTP_NET\` other than \`tcp\`, \`REGISTRY_HTTP_H2C_ENABLED=true\` | refused |
| \`REGISTRY_NOTIFICATIONS_ENDPOINTS…\` | used: webhooks of the form \`distribution\` ([WEBHOOKS.md](WEBHOOKS.md#distribution)) |
| \`REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES=true\`, \`…_MIDDLEWARE…\`, \`…_POLICY…\`, \`…_VALIDATION_MANIFESTS…\` (but \`…_INDEXES_PLATFORMS\`), \`…_LOG_HOOKS…\`, \`…_REPORTING…\`, \`…_HEALTH_FILE…\`, \`…_HEALTH_HTTP…\`, \`…_HEALTH_TCP…\`, \`…_COMPATIBILITY_SCHEMA1_ENABLED=true\` | refused: there is nothing like it |
| \`REGISTRY_HTTP_DEBUG_ADDR\`, \`…_DEBUG_PROMETHEUS_PATH\`, and names that distribution does not have | a warning each |
| \`REGISTRY_HTTP_SECRET\`, \`…_HTTP_RELATIVEURLS\`, \`…_REDIS…\`, \`…_STORAGE_CACHE…\`, \`…_LOG_FIELDS…\`, \`…_HEALTH_STORAGEDRIVER…\` and others without which nothing is missing | listed once at the start as not used |

Distribution forbids deletion unless \`REGISTRY_STORAGE_DELETE_ENABLED=true\`; Breadbox allows it unless the same variable is \`false\`.
`;
}
