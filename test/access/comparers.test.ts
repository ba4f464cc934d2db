// Passwords that are compared by workers: the same answers, at a low priority, and also when no worker lives.
import { afterEach, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { Comparers } from "../../src/access/comparing/comparers.ts";

const opened: Comparers[] = [];
afterEach(async () => {
  for (const comparers of opened.splice(0)) await comparers.close();
});

const entry = new URL("../../src/access/comparing/worker.ts", import.meta.url);

function open(spawn = () => new Worker(entry.href)) {
  const comparers = new Comparers(spawn, 2);
  opened.push(comparers);
  return comparers;
}

const argon = { algorithm: "argon2id", memoryCost: 1_024, timeCost: 1 } as const;
const hash = await Bun.password.hash("right", argon);

/** Of the threads of this process (proc_pid_stat(5), field 19). */
async function niceValues(): Promise<number[]> {
  const threads = await readdir("/proc/self/task");
  const lines = threads.map((id) => Bun.file(`/proc/self/task/${id}/stat`).text());
  return (await Promise.all(lines)).map((line) => Number(line.split(") ")[1]?.split(" ")[16]));
}

test.if(process.platform === "linux")("its thread gives way to all others", async () => {
  const before = Math.max(...(await niceValues()));

  expect(await open().compare("right", hash)).toBeTrue();

  expect(before).toBe(0);
  expect(Math.max(...(await niceValues()))).toBe(10);
});

test("workers tell right passwords from wrong ones, with argon2id and bcrypt", async () => {
  const comparers = open();
  const bcrypt = await Bun.password.hash("right", { algorithm: "bcrypt", cost: 4 });
  const bytes = new TextEncoder().encode("right");

  const compare = comparers.compare.bind(comparers);
  expect(await Promise.all([compare("right", hash), compare("wrong", hash)])).toEqual([
    true,
    false,
  ]);
  expect(await compare(bytes, bcrypt)).toBeTrue();
  expect(await compare("Right", bcrypt)).toBeFalse();
});

test("a hash that cannot be read is an error, and the next comparison works", async () => {
  const comparers = open();

  const refused = comparers.compare("right", "$argon2id$nonsense");
  await expect(refused).rejects.toThrow("a password was not compared");
  expect(await comparers.compare("right", hash)).toBeTrue();
});

test("a worker that cannot be started, or dies, keeps nobody out", async () => {
  const code = "self.onmessage = () => { throw new Error('no memory'); };";
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const spawns = [
    () => new Worker(url),
    () => {
      throw new Error("too many threads");
    },
  ];

  for (const spawn of spawns) {
    const comparers = open(spawn);
    expect(await comparers.compare("right", hash)).toBeTrue();
    expect(await comparers.compare("wrong", hash)).toBeFalse();
  }
});
