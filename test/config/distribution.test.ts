// Variables of distribution/distribution that hold a whole section, and what is said about them. Each single key:
// distributionReference.test.ts.
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
    ["HTTP_TLS", "/c", "is a section"],
    ["HTTP", '{"tls":{"letsencrypt":{"email":"ann@example.com"}}}', "asks for certificates of"],
    ["HTTP_TLS_CLIENTCAS", '["/a", "/b"]', "names several files of CAs"],
    ["HTTP_TLS", '{"clientcas":["/a","/b"]}', "names several files of CAs"],
    ["HTTP_TLS_CLIENTCAS", "/ca", "names several files of CAs"],
    ["HTTP_TLS_CLIENTCAS_0", "/ca", "http.tls.clientCa: the server has no TLS"],
    ["HTTP_TLS_CERTIFICATE", "/c", "http.tls.certificate: its key is missing"],
    ["PROXY", '{"remoteurl":"https://registry-1.docker.io"}', "asks for a cache"],
    ["PROXY", "https://registry-1.docker.io", "asks for a cache"],
    ["STORAGE", "s3", "asks for a storage by distribution"],
    ["STORAGE", "inmemory", "asks for a storage by distribution"],
    ["STORAGE", '{"s3":{"bucket":"images"}}', "asks for a storage by distribution"],
    ["STORAGE", "azure:\n  accountname: a\n", "asks for a storage by distribution"],
    ["STORAGE_S3", '{"bucket":"images"}', "asks for a storage by distribution"],
    ["STORAGE_S3_SECRETKEY", "hush", "asks for a storage by distribution"],
    ["STORAGE_MAINTENANCE_READONLY", "true", "is a section"],
    ["STORAGE_MAINTENANCE_READONLY", '{"enabled":', "is a section"],
    ["STORAGE_DELETE", "false", "is a section"],
    ["NOTIFICATIONS_ENDPOINTS", "https://alice", "asks for notifications, and is no list"],
    ["NOTIFICATIONS", '{"endpoints":[{"name":"alice"}]}', "webhooks: the value cannot be used"],
    ["MIDDLEWARE_REPOSITORY", "- name: acl\n", "asks for an addition"],
    ["VALIDATION_MANIFESTS_URLS_ALLOW", "- ^https://", "asks for a restriction"],
    ["CONFIGURATION_PATH", "/etc/docker/registry/config.yml", "names a configuration file"],
  ])("REGISTRY_%s=%s, with what to do", async (name, value, says) => {
    const problems = await problemsOf({ env: env([name, value]) });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`REGISTRY_${name}  ${says}`);
    expect(problems[0]).not.toContain("hush");
  });
});

describe("deletion, which distribution allows only on request,", () => {
  test("is a warning where nothing is said about it", async () => {
    const root = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/var/lib/registry" };

    expect((await load({ env: root })).notices).toEqual([
      { level: "warn", message: expect.stringContaining("REGISTRY_STORAGE_DELETE_ENABLED=false") },
    ]);
    const told = { ...root, REGISTRY_STORAGE_DELETE_ENABLED: "true" };
    expect((await load({ env: told })).notices).toEqual([]);
  });
});

describe("a login or a certificate that distribution is asked for", () => {
  test("a setup that asks for certificates of Let's Encrypt is refused, not served in plain text", async () => {
    const env = { REGISTRY_HTTP_TLS_LETSENCRYPT_EMAIL: "ann@example.com" };

    expect(await problemsOf({ env })).toEqual([
      "REGISTRY_HTTP_TLS_LETSENCRYPT_EMAIL  asks for certificates of Let's Encrypt by way of port 443, and Breadbox orders them by way of port 80: name the hosts with BREADBOX_HTTP_TLS_ACME_HOSTS (docs/TLS.md), and unset it.",
    ]);
  });

  test("variables that ask for a login by a token server are refused, and nothing is served to everyone", async () => {
    const env = { REGISTRY_AUTH: "token", REGISTRY_AUTH_TOKEN_REALM: "https://auth" };

    expect(await problemsOf({ env })).toEqual([
      "REGISTRY_AUTH, REGISTRY_AUTH_TOKEN_REALM  asks for a kind of login that Breadbox does not have. It has users of its own (breadbox user add) and htpasswd files (BREADBOX_AUTH_HTPASSWD).",
    ]);
  });

  test("variables that ask for htpasswd name the file of its users", async () => {
    const env = {
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: "Registry",
      REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
    };

    const { config, notices } = await load({ env });

    expect(config["auth.htpasswd"]).toBe("/auth/htpasswd");
    expect(config["auth.htpasswdRights"]).toEqual(["pull", "push", "overwrite"]);
    expect(notices).toEqual([
      {
        level: "info",
        message: expect.stringContaining("in every repository: pull,push,overwrite. Rules"),
      },
      {
        level: "info",
        message: "not used by Breadbox: REGISTRY_AUTH, REGISTRY_AUTH_HTPASSWD_REALM",
      },
    ]);
    const more = { ...env, REGISTRY_STORAGE_DELETE_ENABLED: "true" };
    expect((await load({ env: more })).config["auth.htpasswdRights"]).toContain("delete");
    const less = { ...env, BREADBOX_AUTH_HTPASSWD_RIGHTS: "pull" };
    expect((await load({ env: less })).config["auth.htpasswdRights"]).toEqual(["pull"]);
  });

  test("a file of users that Breadbox itself is given gives them nothing", async () => {
    const env = { BREADBOX_AUTH_HTPASSWD: "/auth/htpasswd" };

    expect((await load({ env })).config["auth.htpasswdRights"]).toEqual([]);
  });

  test("variables that ask for htpasswd without a file are refused", async () => {
    expect(await problemsOf({ env: { REGISTRY_AUTH: "htpasswd" } })).toEqual([
      "REGISTRY_AUTH  asks for a file of users: name it with REGISTRY_AUTH_HTPASSWD_PATH.",
    ]);
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
