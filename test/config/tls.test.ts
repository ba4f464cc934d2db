// What the settings of TLS mean together.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { schemeOf, tlsMode } from "../../src/config/tls.ts";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

beforeEach(async () => {
  await openRoom();
});
afterEach(closeRoom);

const files = { BREADBOX_HTTP_TLS_CERTIFICATE: "/c", BREADBOX_HTTP_TLS_KEY: "/k" };

describe("TLS", () => {
  test("is off by default, and asked for by two files or by one switch", async () => {
    expect(tlsMode((await load({})).config)).toBe("off");
    expect(tlsMode((await load({ env: files })).config)).toBe("files");
    for (const text of ["self-signed", "SelfSigned", "true"]) {
      const { config } = await load({ env: { BREADBOX_HTTP_TLS_SELF_SIGNED: text } });
      expect([tlsMode(config), schemeOf(config)]).toEqual(["self-signed", "https"]);
    }
    const ordered = await load({ env: { BREADBOX_HTTP_TLS_ACME_HOSTS: "a.example" } });
    expect([tlsMode(ordered.config), schemeOf(ordered.config)]).toEqual(["acme", "https"]);
    const { config } = await load({ env: { BREADBOX_HTTP_TLS_SELF_SIGNED: "off" } });
    expect([tlsMode(config), schemeOf(config)]).toEqual(["off", "http"]);
  });

  test("takes the variables of distribution's users", async () => {
    const env = {
      REGISTRY_HTTP_TLS: '{"certificate":"/c","key":"/k"}',
      REGISTRY_HTTP_TLS_CLIENTCAS_0: "/ca",
      REGISTRY_HTTP_TLS_CLIENTAUTH: "require-and-verify-client-cert",
      REGISTRY_HTTP_TLS_MINIMUMTLS: "tls1.3",
    };
    const { config } = await load({ env });
    expect(config["http.tls.minVersion"]).toBe("1.3");

    expect(config["http.tls.certificate"]).toBe("/c");
    expect(config["http.tls.key"]).toBe("/k");
    expect(config["http.tls.clientCa"]).toBe("/ca");
  });

  test("has hosts in a list, addresses with and without brackets", async () => {
    const yaml =
      "http: { tls: { selfSigned: true, hosts: [NAS.lan, '*.lab.example', '[fd00::1]'] } }";

    expect((await load({ yaml })).config["http.tls.hosts"]).toEqual([
      ...["nas.lan", "*.lab.example", "fd00::1"],
    ]);
    for (const host of ["a b", "1.2.3", "http://a", "-a", "a*b"]) {
      const problems = await problemsOf({ env: { BREADBOX_HTTP_TLS_HOSTS: host } });
      expect(problems[0]).toContain("is no host name and no address");
    }
  });

  test.each([
    [{ ...files, BREADBOX_HTTP_TLS_SELF_SIGNED: "yes" }, "a certificate is named as well"],
    [
      { BREADBOX_HTTP_TLS_CERTIFICATE: "/c" },
      "BREADBOX_HTTP_TLS_CERTIFICATE  http.tls.certificate",
    ],
    [{ ...files, BREADBOX_HTTP_TLS_ACME_HOSTS: "a.example" }, "another certificate is named as"],
    [
      { BREADBOX_HTTP_TLS_SELF_SIGNED: "yes", BREADBOX_HTTP_TLS_ACME_HOSTS: "a.example" },
      "another certificate is named as well",
    ],
    [{ BREADBOX_HTTP_TLS_ACME_HOSTS: "a.example, *.b.example" }, "ordered for *.b.example"],
    [{ BREADBOX_HTTP_TLS_ACME_HOSTS: "nas" }, "no certificate can be ordered for nas"],
    [{ BREADBOX_HTTP_TLS_ACME_HOSTS: "192.0.2.1" }, "can be ordered for 192.0.2.1"],
    [{ BREADBOX_HTTP_TLS_ACME_EMAIL: "ann" }, "is no address of e-mail"],
    [{ BREADBOX_HTTP_TLS_ACME_DIRECTORY: "http://ca.example" }, "begins with https://"],
    [{ BREADBOX_HTTP_TLS_KEY: "/k" }, "its certificate is missing"],
    [{ BREADBOX_HTTP_TLS_CLIENT_CA: "/a" }, "the server has no TLS"],
    [{ BREADBOX_HTTP_TLS_SELF_SIGNED: "letsencrypt" }, 'is neither "self-signed" nor "off"'],
  ])("is refused where settings contradict each other: %p", async (env, words) => {
    const problems = await problemsOf({ env });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });
});
