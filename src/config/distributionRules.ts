// What distribution/distribution can be asked for and no setting here does: refused, because ignoring it would make a registry that is
// open, writable, elsewhere or silent against its owner's wish; or of no use here, which is said. Pure.

/** What becomes of a variable that is no setting. */
export interface Rule {
  /** Without `REGISTRY_`. */
  readonly names: RegExp;
  /** Values that ask for it; any when it is absent. */
  readonly values?: RegExp;
  /** `refused`: no start. `warned`: a sentence of its own. `noted`: listed as not used, since nothing is missing without it. */
  readonly verdict: "refused" | "warned" | "noted";
  /** Continues a sentence that begins with the variable. */
  readonly message?: string;
}

const yes = /^(?:true|on|yes|1)$/i;
const section = 'is a section: it takes YAML or JSON such as {"enabled":true}, or use';

/** What every setup says that asks for what Breadbox does anyway. */
const usual: readonly Omit<Rule, "verdict">[] = [
  { names: /^AUTH$/, values: /^htpasswd$/i },
  { names: /^AUTH_HTPASSWD_REALM$/ },
  { names: /^STORAGE$/, values: /^filesystem$/i },
];

const refused: readonly Omit<Rule, "verdict">[] = [
  {
    names: /^AUTH(?:_|$)/,
    message:
      "asks for a kind of login that Breadbox does not have. It has users of its own (breadbox user add) and htpasswd files (BREADBOX_AUTH_HTPASSWD).",
  },
  {
    names: /^HTTP_TLS_LETSENCRYPT(?:_|$)/,
    message:
      "asks for certificates of Let's Encrypt by way of port 443, and Breadbox orders them by way of port 80: name the hosts with BREADBOX_HTTP_TLS_ACME_HOSTS (docs/TLS.md), and unset it.",
  },
  {
    names: /^HTTP_TLS_CLIENTCAS(?:_|$)/,
    message:
      "names several files of CAs, or none in a list: put them into one, and name it with REGISTRY_HTTP_TLS_CLIENTCAS_0.",
  },
  {
    names: /^HTTP_TLS_CLIENTAUTH$/,
    values: /^(?!require-and-verify-client-cert$)/,
    message:
      "asks for another check of client certificates than require-and-verify-client-cert, and Breadbox has none. Unset it.",
  },
  {
    names: /^HTTP_TLS_CIPHERSUITES(?:_|$)/,
    message: "asks for certain ciphers, and Breadbox chooses them. Unset it.",
  },
  {
    names: /^HTTP_TLS$/,
    message: `${section} REGISTRY_HTTP_TLS_CERTIFICATE and REGISTRY_HTTP_TLS_KEY.`,
  },
  {
    names: /^HTTP_NET$/,
    values: /^(?!tcp$)/i,
    message: "asks for another listener than TCP, and Breadbox has none. Unset it.",
  },
  {
    names: /^HTTP_PREFIX$/,
    values: /^(?!\/?$)/,
    message:
      "asks for answers below a prefix, and Breadbox answers at /v2/ only, where clients look. Unset it, and let a proxy take the prefix away.",
  },
  {
    names: /^HTTP_HEADERS(?:_(?!X-CONTENT-TYPE-OPTIONS)|$)/i,
    message:
      "asks for headers of its own in every answer, and Breadbox adds none. Unset it; a proxy in front can add them.",
  },
  {
    names: /^HTTP_H2C_ENABLED$/,
    values: yes,
    message: "asks for HTTP/2 without TLS, and Breadbox has none. Unset it.",
  },
  {
    names: /^PROXY(?:_REMOTEURL)?$/,
    message:
      "asks for a cache of another registry, and this version of Breadbox is none: it would be an empty registry that anyone can push to. Keep distribution for the cache, or unset it.",
  },
  {
    names:
      /^STORAGE(?:$|_(?!FILESYSTEM(?:_|$)|DELETE(?:_|$)|REDIRECT(?:_|$)|CACHE(?:_|$)|MAINTENANCE(?:_|$)|TAG(?:_|$)))/,
    message:
      "asks for a storage by distribution's own names: images would be kept in the data directory instead. Unset it. To keep blobs in a bucket of S3, set storage.s3.bucket; what other storages hold comes in with `breadbox import` while distribution serves it.",
  },
  {
    names: /^STORAGE_MAINTENANCE(?:_READONLY)?$/,
    message: `${section} REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED.`,
  },
  { names: /^STORAGE_DELETE$/, message: `${section} REGISTRY_STORAGE_DELETE_ENABLED.` },
  {
    names: /^CONFIGURATION_PATH$/,
    message:
      "names a configuration file of distribution/distribution, which cannot be used here: its logins, its TLS and its storage would be ignored. Unset it; `breadbox config import FILE` turns the file into one of Breadbox, and its REGISTRY_* variables can be used.",
  },
  {
    names: /^NOTIFICATIONS(?:_ENDPOINTS(?!_\d+_(?:THRESHOLD|BACKOFF)$)|$)/,
    message: "asks for notifications, and is no list of endpoints: it takes YAML or JSON.",
  },
  {
    names: /^NOTIFICATIONS_EVENTS_INCLUDEREFERENCES$/,
    values: yes,
    message:
      "asks for the references of manifests in notifications, and Breadbox sends none. Unset it.",
  },
  {
    names: /^(?:MIDDLEWARE|POLICY)(?:_|$)/,
    message: "asks for an addition to distribution, and Breadbox has none of them. Unset it.",
  },
  {
    names: /^VALIDATION_MANIFESTS(?:_(?:URLS|INDEXES)(?:_|$)|$)/,
    message:
      "asks for a restriction of manifests that Breadbox does not have. Unset it; VALIDATION_MANIFESTS_INDEXES_PLATFORMS may be all or none.",
  },
  {
    names: /^HEALTH_(?:FILE|HTTP|TCP)(?:_|$)/,
    message:
      "asks for a check of something else than the registry, and Breadbox has none: /readyz says whether it can serve. Unset it.",
  },
  {
    names: /^(?:LOG_HOOKS|REPORTING)(?:_|$)/,
    message:
      "asks for messages to another service, and Breadbox writes its log to standard output only. Unset it.",
  },
  {
    names: /^COMPATIBILITY_SCHEMA1_ENABLED$/,
    values: yes,
    message: "asks for images of schema 1, and Breadbox takes none. Unset it.",
  },
];

const others: readonly Rule[] = [
  {
    names: /^HTTP_DEBUG_(?:ADDR|PROMETHEUS_PATH)$/,
    verdict: "warned",
    message:
      "opens no second port: metrics are at /metrics of the registry itself. Where logins are needed: breadbox access allow anonymous server:metrics pull",
  },
  {
    names: new RegExp(
      `^(?:${[
        ...["VERSION", "CATALOG_MAXENTRIES"],
        ...["HTTP_SECRET", "HTTP_NET", "HTTP_RELATIVEURLS", "HTTP_PREFIX", "HTTP_HEADERS_.*"],
        ...["HTTP_HTTP2_DISABLED", "HTTP_H2C_ENABLED", "HTTP_TLS_CLIENTAUTH"],
        ...["STORAGE_(?:FILESYSTEM|CACHE|REDIRECT|TAG)(?:_.*)?"],
        ...["STORAGE_MAINTENANCE_UPLOADPURGING_(?:ENABLED|DRYRUN)", "REDIS(?:_.*)?"],
        ...["LOG_ACCESSLOG_DISABLED", "LOG_FIELDS(?:_.*)?", "LOG_REPORTCALLER"],
        ...["HEALTH_STORAGEDRIVER_.*", "PROXY_.*", "NOTIFICATIONS_EVENTS_.*"],
        "NOTIFICATIONS_ENDPOINTS_\\d+_(?:THRESHOLD|BACKOFF)",
        ...["VALIDATION_(?:ENABLED|DISABLED)", "COMPATIBILITY_SCHEMA1_.*"],
      ].join("|")})$`,
      "i",
    ),
    verdict: "noted",
  },
];

/** What is misspelt has no effect in distribution either, but a line of its log. */
const unknown: Rule = {
  names: /^/,
  verdict: "warned",
  message: "has no effect: distribution has no such key, and Breadbox has no such setting.",
};

const rules: readonly Rule[] = [
  ...usual.map((rule) => ({ ...rule, verdict: "noted" as const })),
  ...refused.map((rule) => ({ ...rule, verdict: "refused" as const })),
  ...others,
];

/** Keys that ask for something without a value, as `inmemory:` in a file does. */
export const bareKeys = /^(?:STORAGE_(?:INMEMORY|S3|AZURE|GCS|SWIFT|OSS)|AUTH_(?:TOKEN|SILLY))$/;

/** The first rule that is about a variable. @param name without `REGISTRY_`. */
export function ruleOf(name: string, text: string): Rule {
  return (
    rules.find(({ names, values }) => names.test(name) && (values?.test(text) ?? true)) ?? unknown
  );
}
