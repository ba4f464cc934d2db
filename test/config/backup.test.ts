// What `backup.target` may be, how it is shown, and what it contradicts.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readTarget, showTarget } from "../../src/config/backupTarget.ts";
import { configYaml } from "../../src/config/show.ts";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

beforeEach(openRoom);
afterEach(closeRoom);

describe("a target", () => {
  test.each([
    ["./backups", { kind: "directory", path: "./backups" }],
    ["https://boxes.example/backups", { bucket: "backups", prefix: "" }],
    ["http://boxes.example:5000/backups/", { bucket: "backups", prefix: "" }],
    ["https://boxes.example/backups/shop/a%20b", { bucket: "backups", prefix: "shop/a b/" }],
    [
      "https://boxes.example/base/v1/buckets/backups/shop",
      {
        bucket: "backups",
        prefix: "shop/",
        name: "https://boxes.example/base/v1/buckets/backups/shop",
      },
    ],
  ])("is read: %s", (text, expected) => {
    expect(readTarget(text)).toMatchObject(expected);
  });

  test("is shown without user and password", () => {
    const text = "https://token:bbx_secret@boxes.example/backups/shop";

    expect(showTarget(text)).toBe("https://boxes.example/backups/shop");
    expect(readTarget(text)).toMatchObject({
      server: { url: "https://boxes.example", authorization: `Basic ${btoa("token:bbx_secret")}` },
    });
  });

  test.each([
    "https://boxes.example",
    "https://boxes.example/",
    "https://boxes.example/a//b",
    "https://boxes.example/backups/%2e%2e",
    "https://boxes.example/UPPER",
    "https://boxes.example/backups?token=bbx_secret",
    "s3://key:bbx_secret@bucket",
    "https://token:bbx_sec/ret@boxes.example/backups",
  ])("is refused without a word of it: %s", async (text) => {
    const [problem = ""] = await problemsOf({ env: { BREADBOX_BACKUP_TARGET: text } });

    expect(problem).toStartWith("BREADBOX_BACKUP_TARGET  backup.target: ");
    expect(problem).toMatch(/names no bucket|is not the URL|is neither a directory/);
    expect(problem).not.toMatch(/bbx_s|secret|ret@/);
    expect(() => readTarget(text)).toThrow(/^(?!.*bbx_sec)/);
  });

  test("is printed with the configuration, but for its login", async () => {
    const env = { BREADBOX_BACKUP_TARGET: "https://token:bbx_secret@boxes.example/backups" };

    const printed = configYaml(await load({ env }), false);

    expect(printed).toContain('target: "https://(hidden)@boxes.example/backups"');
    expect(printed).not.toContain("bbx_secret");
  });
});

describe("backup.target together with", () => {
  const target = { BREADBOX_BACKUP_TARGET: "/mnt/backups" };
  const s3 = {
    BREADBOX_STORAGE_S3_BUCKET: "blobs",
    BREADBOX_STORAGE_S3_ENDPOINT: "http://s3:9000",
  };

  test.each([
    ["database.url", { BREADBOX_DATABASE_URL: "postgres://a:b@db/breadbox" }],
    ["storage.s3.bucket", s3],
  ])("%s is refused, with what to do instead", async (key, elsewhere) => {
    const problems = await problemsOf({ env: { ...target, ...elsewhere } });

    expect(problems).toEqual([
      expect.stringMatching(
        new RegExp(
          `^BREADBOX_BACKUP_TARGET .* and ${key} is set\\. Remove backup\\.target.* pg_dump first`,
        ),
      ),
    ]);
    await load({ env: elsewhere });
  });
});
