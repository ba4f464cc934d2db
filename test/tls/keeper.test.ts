import { beforeEach, describe, expect, test } from "bun:test";
import { CertificateKeeper } from "../../src/tls/keeper.ts";
import type { Judged, Material } from "../../src/tls/material.ts";
import { issue, judged } from "../support/certificates.ts";

const day = 24 * 60 * 60 * 1000;
const start = Date.UTC(2027, 0, 1);
const [first, second] = [
  judged((await issue([], start)).pair),
  judged((await issue([], start)).pair),
];

let now = start;
let lines: string[] = [];
let used: Material[] = [];
let next: () => Judged = () => first;

const say = (level: string) => (_: object, message: string) => lines.push(`${level} ${message}`);

async function open(): Promise<() => Promise<void>> {
  const keeper = await CertificateKeeper.open({
    source: { look: async () => next(), authority: null },
    clock: () => now,
    log: { info: say("info"), warn: say("warn"), error: say("error") },
  });
  return () => keeper.look((material) => used.push(material));
}

beforeEach(() => {
  now = start;
  lines = [];
  used = [];
  next = () => first;
});

describe("a keeper", () => {
  test("uses a new certificate once, and says so", async () => {
    const look = await open();
    await look();
    expect(used).toEqual([]);

    next = () => second;
    await look();
    await look();

    expect(used).toEqual([second.material]);
    expect(lines).toEqual(["info a new certificate is in use"]);
  });

  test("keeps the old one while the new one is wrong, and reports it once, at the second look", async () => {
    const look = await open();
    next = () => {
      throw new Error("is no certificate");
    };
    await look();
    // Certificate and key are replaced one after the other.
    expect(lines).toEqual([]);
    await look();
    await look();
    expect(lines).toEqual(["error the new certificate cannot be used: the old one stays"]);

    next = () => second;
    await look();
    expect(used).toEqual([second.material]);
  });

  test("tries again what the server could not take", async () => {
    const keeper = await CertificateKeeper.open({
      source: { look: async () => next(), authority: null },
      clock: () => now,
      log: { info: say("info"), warn: say("warn"), error: say("error") },
    });
    next = () => second;
    await keeper.look(() => {
      throw new Error("port in use");
    });
    expect(keeper.used).toBe(first);

    await keeper.look((material) => used.push(material));
    expect([keeper.used, used]).toEqual([second, [second.material]]);
  });

  test("gives nothing to a server that stops, even when it was looking", async () => {
    let finish = () => {};
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let isFirst = true;
    const keeper = await CertificateKeeper.open({
      source: {
        look: async () => {
          if (!isFirst) await waiting;
          const found = isFirst ? first : second;
          isFirst = false;
          return found;
        },
        authority: null,
      },
      clock: () => now,
      log: { info: say("info"), warn: say("warn"), error: say("error") },
    });
    const looking = keeper.look((material) => used.push(material));
    keeper.stop();
    finish();
    await looking;

    expect([used, lines]).toEqual([[], []]);
  });

  test("takes no expired certificate for a good one", async () => {
    const look = await open();
    next = () => judgedUntil(second, now - 1);
    await look();
    await look();

    expect(used).toEqual([]);
    expect(lines).toEqual(["error the new certificate cannot be used: the old one stays"]);
  });

  test("warns once a week before the end, and once at the start when it has ended", async () => {
    const look = await open();
    now = first.validUntil - 8 * day;
    await look();
    expect(lines).toEqual([]);
    now = first.validUntil - 6 * day;
    await look();
    await look();
    expect(lines).toEqual(["warn the certificate expires soon: renew it"]);

    now = first.validUntil;
    lines = [];
    await open();
    expect(lines.join()).toContain("error clients refuse this server: The certificate expired");
  });
});

const judgedUntil = (certificate: Judged, validUntil: number): Judged => ({
  ...certificate,
  validUntil,
});
