import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { isDue, makeAuthority, makeServerPair } from "../../src/tls/authority.ts";
import { issue, judged } from "../support/certificates.ts";

const day = 24 * 60 * 60 * 1000;
const now = Date.UTC(2027, 2, 1);

describe("a CA of our own", () => {
  test("signs for names and addresses, and for servers only", async () => {
    const { authority, pair } = await issue(["nas.lan", "192.168.1.10", "fd00::2"], now);
    const leaf = new X509Certificate(pair.certificate);

    expect(leaf.checkHost("nas.lan")).toBe("nas.lan");
    expect(leaf.checkIP("192.168.1.10")).toBe("192.168.1.10");
    expect(leaf.checkIP("fd00::2")).toBe("fd00::2");
    expect(leaf.checkHost("other.lan")).toBeUndefined();
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(judged(pair).isIssuedBy(authority.certificate)).toBe(true);
    expect(new X509Certificate(authority.certificate).ca).toBe(true);
  });

  test("signs nothing for another one of the same name", async () => {
    const [first, second] = [await issue(), await issue()];

    expect(judged(first.pair).isIssuedBy(second.authority.certificate)).toBe(false);
  });

  test("is valid for 20 years, its certificates for 90 days, both since yesterday", async () => {
    const { authority, pair } = await issue(undefined, now);
    const ca = new X509Certificate(authority.certificate);

    expect(ca.validToDate.getTime()).toBe(now + 20 * 365 * day);
    expect(judged(pair).validUntil).toBe(now + 90 * day);
    expect(judged(pair).validFrom).toBe(now - day);
  });

  test("asks for a new certificate in the last third, and never twice for the same", async () => {
    const { validFrom, validUntil } = judged((await issue(undefined, now)).pair);

    expect(isDue({ validFrom, validUntil }, now)).toBe(false);
    expect(isDue({ validFrom, validUntil }, validUntil - 31 * day)).toBe(false);
    expect(isDue({ validFrom, validUntil }, validUntil - 29 * day)).toBe(true);
    // The clock was a year ahead when it was made.
    expect(isDue({ validFrom, validUntil }, now - 365 * day)).toBe(true);
  });

  test("makes nothing for 1970, where clocks without a battery begin", async () => {
    const authority = await makeAuthority("Early", 0);
    const early = judged(await makeServerPair(authority, ["localhost"], 0));

    expect(early.validFrom).toBe(Date.UTC(2025, 11, 31));
    expect(isDue(early, 0)).toBe(false);
  });
});
