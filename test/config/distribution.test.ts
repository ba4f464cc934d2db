// Every variable that distribution/distribution documents: it works, or is refused because ignoring it would weaken the store, or is
// ignored with a word about it. No fourth way.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { SettingKey } from "../../src/config/settings.ts";
import { breadbox } from "../cli/command.ts";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

let directory = "";
beforeEach(async () => {
  directory = await openRoom();
});
afterEach(closeRoom);

/** Without `REGISTRY_`. */
type Given = readonly [name: string, value: string];
const env = ([name, value]: Given) => ({ [`REGISTRY_${name}`]: value });

describe("a section variable of distribution is applied", () => {
  test.each<[name: string, value: string, key: SettingKey, set: unknown]>([
    ["STORAGE_MAINTENANCE_READONLY_ENABLED", "true", "registry.readOnly", true],
    ["STORAGE_MAINTENANCE_READONLY", '{"enabled":true}', "registry.readOnly", true],
    ["STORAGE_MAINTENANCE_READONLY", "{enabled: true}", "registry.readOnly", true],
    ["STORAGE_MAINTENANCE_READONLY", "enabled: true", "registry.readOnly", true],
    ["STORAGE_MAINTENANCE_READONLY", '{"enabled":false}', "registry.readOnly", false],
    ["STORAGE_MAINTENANCE", '{"readonly":{"enabled":true}}', "registry.readOnly", true],
    ["STORAGE", '{"maintenance":{"readonly":{"enabled":true}}}', "registry.readOnly", true],
    ["STORAGE_DELETE_ENABLED", "false", "registry.delete", false],
    ["STORAGE_DELETE", '{"enabled":false}', "registry.delete", false],
    ["STORAGE", "delete:\n  enabled: false\n", "registry.delete", false],
    ["STORAGE", '{"filesystem":{"rootdirectory":"/srv/r"}}', "data", "/srv/r"],
    ["STORAGE_MAINTENANCE_UPLOADPURGING", '{"age":"2h"}', "storage.uploadTimeout", 7_200_000],
    ["HTTP", '{"addr":":1234","draintimeout":"9s"}', "http.shutdownGrace", 9000],
    ["LOG", '{"level":"debug"}', "log.level", "debug"],
  ])("REGISTRY_%s=%s", async (name, value, key, set) => {
    const { config, origins } = await load({ env: env([name, value]) });

    expect(config[key]).toEqual(set as never);
    expect(origins[key]).toEqual({ source: "environment", where: `REGISTRY_${name}` });
  });

  test("and is outranked by a variable for the single setting", async () => {
    const both = {
      REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":false}',
      REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true",
    };

    expect((await load({ env: both })).config["registry.readOnly"]).toBe(true);
  });

  test("and a value that does not fit is reported under the section's name", async () => {
    expect(
      await problemsOf({ env: env(["STORAGE_MAINTENANCE_READONLY", '{"enabled":"maybe"}']) }),
    ).toEqual([
      'REGISTRY_STORAGE_MAINTENANCE_READONLY  registry.readOnly: "maybe" is neither true nor false.',
    ]);
  });
});

describe("a variable of distribution is refused", () => {
  test.each<[name: string, value: string, says: string]>([
    ["AUTH", "silly", "asks for a kind of login"],
    ["AUTH", '{"token":{"realm":"https://auth"}}', "asks for a kind of login"],
    ["AUTH_TOKEN_REALM", "https://auth", "asks for a kind of login"],
    ["AUTH_SILLY_REALM", "x", "asks for a kind of login"],
    ["HTTP_TLS", "/c", "is a section"],
    ["HTTP", '{"tls":{"letsencrypt":{"email":"ann@example.com"}}}', "asks for certificates of"],
    ["HTTP_TLS_CLIENTCAS", '["/a", "/b"]', "names several files of CAs"],
    ["HTTP_TLS", '{"clientcas":["/a","/b"]}', "names several files of CAs"],
    ["HTTP_TLS_CLIENTCAS", "/ca", "names several files of CAs"],
    ["HTTP_TLS_CLIENTCAS_1", "/ca", "names several files of CAs"],
    ["HTTP_TLS_CLIENTCAS_0", "/ca", "http.tls.clientCa: the server has no TLS"],
    ["HTTP_TLS_CERTIFICATE", "/c", "http.tls.certificate: its key is missing"],
    ["HTTP_TLS_CLIENTAUTH", "request-client-cert", "asks for another check"],
    ["HTTP_TLS_MINIMUMTLS", "tls1.3", "asks for TLS 1.3 alone"],
    ["PROXY_REMOTEURL", "https://registry-1.docker.io", "asks for a cache"],
    ["PROXY", '{"remoteurl":"https://registry-1.docker.io"}', "asks for a cache"],
    ["PROXY", "https://registry-1.docker.io", "asks for a cache"],
    ["STORAGE", "s3", "asks for another storage"],
    ["STORAGE", "inmemory", "asks for another storage"],
    ["STORAGE", '{"s3":{"bucket":"images"}}', "asks for another storage"],
    ["STORAGE", "azure:\n  accountname: a\n", "asks for another storage"],
    ["STORAGE_S3", '{"bucket":"images"}', "asks for another storage"],
    ["STORAGE_S3_BUCKET", "images", "asks for another storage"],
    ["STORAGE_S3_SECRETKEY", "hush", "asks for another storage"],
    ["STORAGE_AZURE_ACCOUNTNAME", "a", "asks for another storage"],
    ["STORAGE_GCS_BUCKET", "images", "asks for another storage"],
    ["STORAGE_SWIFT_CONTAINER", "images", "asks for another storage"],
    ["STORAGE_OSS_BUCKET", "images", "asks for another storage"],
    ["STORAGE_MAINTENANCE_READONLY", "true", "is a section"],
    ["STORAGE_MAINTENANCE_READONLY", '{"enabled":', "is a section"],
    ["STORAGE_DELETE", "false", "is a section"],
    ["CONFIGURATION_PATH", "/etc/docker/registry/config.yml", "names a configuration file"],
    ["HTTP_NET", "unix", "asks for another listener"],
  ])("REGISTRY_%s=%s, with what to do", async (name, value, says) => {
    const problems = await problemsOf({ env: env([name, value]) });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`REGISTRY_${name}  ${says}`);
    expect(problems[0]).not.toContain("hush");
  });
});

describe("a variable of distribution is ignored with a warning", () => {
  test.each<Given>([
    ["NOTIFICATIONS_ENDPOINTS", "- name: alice\n  url: https://alice\n"],
    ["NOTIFICATIONS", '{"endpoints":[{"name":"alice"}]}'],
    ["MIDDLEWARE_REPOSITORY", "- name: acl\n"],
    ["POLICY_REPOSITORY_CLASSES", "image"],
    ["VALIDATION_MANIFESTS_URLS_ALLOW", "- ^https://"],
    ["STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED", "false"],
    ["STORAGE_MAINTENANCE_UPLOADPURGING", '{"enabled":false}'],
    ["HTTP_PREFIX", "/registry/"],
  ])("REGISTRY_%s=%s", async (name, value) => {
    const { notices } = await load({ env: env([name, value]) });

    expect(notices).toEqual([
      { level: "warn", message: expect.stringContaining(`REGISTRY_${name} is ignored: `) },
    ]);
  });

  test("and an absent REGISTRY_STORAGE_DELETE_ENABLED is a warning as well: deletion is on by default", async () => {
    const root = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/var/lib/registry" };

    expect((await load({ env: root })).notices).toEqual([
      { level: "warn", message: expect.stringContaining("REGISTRY_STORAGE_DELETE_ENABLED=false") },
    ]);
    const told = { ...root, REGISTRY_STORAGE_DELETE_ENABLED: "true" };
    expect((await load({ env: told })).notices).toEqual([]);
  });
});

describe("a variable of distribution that changes nothing here is listed once as not used", () => {
  test.each<Given>([
    ["VERSION", "0.1"],
    ["HTTP_SECRET", "hush"],
    ["HTTP_NET", "tcp"],
    ["HTTP_RELATIVEURLS", "true"],
    ["HTTP_PREFIX", "/"],
    ["HTTP_HEADERS", '{"X-Content-Type-Options":["nosniff"]}'],
    ["HTTP_DEBUG_ADDR", ":5001"],
    ["HTTP_HTTP2_DISABLED", "true"],
    ["HTTP_TLS_MINIMUMTLS", "tls1.2"],
    ["STORAGE", "filesystem"],
    ["STORAGE_FILESYSTEM_MAXTHREADS", "100"],
    ["STORAGE_CACHE_BLOBDESCRIPTOR", "inmemory"],
    ["STORAGE_REDIRECT_DISABLE", "true"],
    ["STORAGE_TAG_CONCURRENCYLIMIT", "8"],
    ["STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED", "true"],
    ["REDIS_ADDR", "redis:6379"],
    ["LOG_ACCESSLOG_DISABLED", "true"],
    ["LOG_FIELDS_SERVICE", "registry"],
    ["HEALTH_STORAGEDRIVER_ENABLED", "true"],
    ["PROXY_TTL", "168h"],
    ["CATALOG_MAXENTRIES", "1000"],
    ["COMPATIBILITY_SCHEMA1_ENABLED", "true"],
    ["VALIDATION_DISABLED", "true"],
  ])("REGISTRY_%s=%s", async (name, value) => {
    const { notices } = await load({ env: env([name, value]) });

    const message = `not used by Breadbox: REGISTRY_${name}`;
    expect(notices).toEqual([{ level: "info", message }]);
  });
});

describe("breadbox commands", () => {
  test.each(["config check", "serve"])(
    "%s refuses a compose file of a cache, of S3 and of a read-only registry that is misspelled",
    async (command) => {
      const compose = {
        REGISTRY_PROXY_REMOTEURL: "https://registry-1.docker.io",
        REGISTRY_STORAGE_S3_BUCKET: "images",
        REGISTRY_STORAGE_MAINTENANCE_READONLY: "yes",
      };

      const { out, err, code } = await breadbox(command.split(" "), {
        cwd: directory,
        env: compose,
      });

      expect([out, code]).toEqual(["", 3]);
      for (const name of Object.keys(compose)) expect(err).toContain(name);
    },
  );
});
