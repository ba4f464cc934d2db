// Logins with a password, many at a time.
import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HtpasswdFile } from "../../src/access/htpasswdFile.ts";
import { Logins } from "../../src/access/logins.ts";
import { Passwords } from "../../src/access/passwords.ts";
import { RegistryError } from "../../src/errors.ts";

const hash = await new Passwords().hash("right password");
const login = {
  ...{ name: "ann", password: "right password", hash, decoy: null },
  address: "10.0.0.1",
};
const wrong = { ...login, password: "wrong password" };

/** What becomes of `times` logins, one after the other: right, wrong, or held back. */
async function outcomes(logins: Logins, tried: typeof login, times: number): Promise<string[]> {
  const said: string[] = [];
  for (let at = 0; at < times; at += 1) {
    const answer = await logins.isRight(tried).catch((error) => error);
    said.push(answer instanceof RegistryError ? answer.situation : String(answer));
  }
  return said;
}

describe("logins", () => {
  test("of one client at a time are one attempt, however many requests it sends", async () => {
    const logins = new Logins(() => 0);
    const answers = await Promise.all(Array.from({ length: 200 }, () => logins.isRight(login)));
    expect(new Set(answers)).toEqual(new Set([true]));
  });

  test("with 100 passwords at a time are held back after twenty", async () => {
    const logins = new Logins(() => 0);
    const tried = Array.from({ length: 100 }, (_, at) =>
      logins.isRight({ ...login, password: `guess ${at}` }).catch((error) => error),
    );
    const answers = await Promise.all(tried);
    expect(answers.filter((answer) => answer === false)).toHaveLength(20);
    const refused = answers.filter((answer) => answer instanceof RegistryError);
    expect(refused).toHaveLength(80);
    expect(new Set(refused.map(({ situation }) => situation))).toEqual(
      new Set(["LOGINS_TOO_MANY"]),
    );
  });

  test("that were right take nothing from the patience with an address", async () => {
    const logins = new Logins(() => 0);
    for (let at = 0; at < 30; at += 1) {
      const name = `user${at}`;
      expect(await logins.isRight({ ...login, name })).toBe(true);
    }
  });

  test("that are known are known to their own network: another one's guesses meet the limits", async () => {
    const logins = new Logins(() => 0);
    expect(await logins.isRight(login)).toBe(true);
    const elsewhere = { ...login, address: "10.0.0.2" };
    await outcomes(logins, { ...wrong, address: "10.0.0.2" }, 20);

    expect(await outcomes(logins, elsewhere, 1)).toEqual(["LOGINS_TOO_MANY"]);
    expect(await outcomes(logins, login, 1)).toEqual(["true"]);
  });

  test("of one IPv6 network are held back together", async () => {
    const logins = new Logins(() => 0);
    const said: string[] = [];
    for (let at = 0; at < 22; at += 1) {
      said.push(...(await outcomes(logins, { ...wrong, address: `2001:db8::${at}` }, 1)));
    }
    expect(said.filter((each) => each === "LOGINS_TOO_MANY")).toHaveLength(2);
  });

  test("from an address that logged in before are not tried for ever, and a right one is no way to tell", async () => {
    let now = 0;
    const logins = new Logins(() => now);
    const [quick, verify] = [async () => false, Bun.password.verify];
    expect(await logins.isRight(login)).toBe(true);
    Bun.password.verify = quick;
    try {
      const said = await outcomes(logins, wrong, 302);
      expect(said.filter((each) => each === "false")).toHaveLength(300);
      expect(await outcomes(logins, login, 1)).toEqual(["LOGINS_TOO_MANY"]);
      now += 1_000;
      expect(await outcomes(logins, login, 1)).toEqual(["true"]);
    } finally {
      Bun.password.verify = verify;
    }
  });

  test("of a user that does not exist are never right", async () => {
    expect(await new Logins(() => 0).isRight({ ...login, hash: null })).toBe(false);
  });
});

describe("an htpasswd file on disk", () => {
  test("has its users for all requests that come while it is read for the first time", async () => {
    const folder = await mkdtemp(join(tmpdir(), "breadbox-htpasswd-"));
    try {
      const path = join(folder, "htpasswd");
      const bcrypt = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
      await writeFile(path, `ann:${bcrypt}\n`);
      const file = new HtpasswdFile({ path, rights: [], onNotice: () => {}, now: () => 0 });

      const hashes = await Promise.all([file.hashOf("ann"), file.hashOf("ann"), file.decoy()]);

      expect(hashes).toEqual([bcrypt, bcrypt, bcrypt]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("is read again when it changes, and has no users while it cannot be read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "breadbox-htpasswd-"));
    try {
      const path = join(folder, "htpasswd");
      const bcrypt = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
      const notices: string[] = [];
      let now = 0;
      const file = new HtpasswdFile({
        ...{ path, rights: [] },
        onNotice: (sentence) => notices.push(sentence),
        now: () => now,
      });
      expect(await file.hashOf("ann")).toBeNull();
      expect(notices).toHaveLength(1);

      await writeFile(path, `ann:${bcrypt}\nbob:{SHA}x\n`);
      now += 1000;
      expect(await file.hashOf("ann")).toBe(bcrypt);
      expect(await file.hashOf("bob")).toBeNull();
      expect(notices.at(-1)).toContain("line 2");
      expect(notices.at(-1)).not.toContain("{SHA}x");

      await writeFile(path, `eve:${bcrypt}\n`);
      await utimes(path, 1, 1);
      now += 1000;
      expect(await file.hashOf("ann")).toBeNull();
      expect(await file.hashOf("eve")).toBe(bcrypt);

      await rm(path);
      now += 1000;
      expect(await file.hashOf("eve")).toBeNull();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
