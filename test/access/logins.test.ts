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
const login = { name: "ann", password: "right password", hash, address: "10.0.0.1" };

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

  test("of a user that does not exist are never right", async () => {
    expect(await new Logins(() => 0).isRight({ ...login, hash: null })).toBe(false);
  });
});

describe("an htpasswd file on disk", () => {
  test("is read again when it changes, and has no users while it cannot be read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "breadbox-htpasswd-"));
    try {
      const path = join(folder, "htpasswd");
      const bcrypt = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
      const notices: string[] = [];
      let now = 0;
      const file = new HtpasswdFile(
        path,
        (sentence) => notices.push(sentence),
        () => now,
      );
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
