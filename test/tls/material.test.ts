import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { judge, timeProblem } from "../../src/tls/material.ts";
import { issue, judged } from "../support/certificates.ts";

const places = { certificate: "/c.crt", key: "/c.key", clientCa: "/ca.crt" };
const issued = await issue();
const good = { ...issued.pair, clientCa: null };

describe("material", () => {
  test("that can be used tells names, times and fingerprint", () => {
    const { names, fingerprint, validUntil, validFrom } = judge(good, places);

    expect(names).toEqual(["localhost", "127.0.0.1"]);
    expect(fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(validUntil).toBeGreaterThan(validFrom);
  });

  test("may hold intermediate CAs and client CAs", () => {
    const certificate = good.certificate + issued.authority.certificate;

    expect(judge({ ...good, certificate }, places).names).toEqual(["localhost", "127.0.0.1"]);
    const clientCa = issued.authority.certificate;
    expect(judge({ ...good, clientCa }, places).material.clientCa).toBe(clientCa);
  });

  const locked = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
  }).privateKey;
  const broken = good.certificate.replace(/[A-Z]{4}/, "AAAA").slice(0, -80);

  test.each([
    ["no certificate", { ...good, certificate: "" }, "/c.crt has no certificate"],
    ["a cut certificate", { ...good, certificate: broken }, "/c.crt has no certificate"],
    ["the key in its place", { ...good, certificate: good.key }, "/c.crt has no certificate"],
    ["no key", { ...good, key: "" }, "/c.key has no private key"],
    ["a locked key", { ...good, key: locked }, "The key in /c.key has a passphrase"],
    ["another key", { ...good, key: issued.authority.key }, "/c.key is not the key of"],
    ["no client CA", { ...good, clientCa: "x" }, "/ca.crt has no certificate"],
    [
      "a cut intermediate CA",
      { ...good, certificate: `${good.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n` },
      "The certificate in /c.crt cannot be used",
    ],
  ])("with %s is refused, with its file's name", (_, material, message) => {
    expect(() => judge(material, places)).toThrow(message);
  });

  test("is refused by clients before and after its time", () => {
    const { validFrom, validUntil } = judged(good);

    expect(timeProblem(judged(good), validUntil - 1)).toBeNull();
    expect(timeProblem(judged(good), validUntil)).toContain("expired on");
    expect(timeProblem(judged(good), validFrom - 1)).toContain("not valid before");
  });
});
