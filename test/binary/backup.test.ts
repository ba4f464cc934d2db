// `breadbox backup` with the executable, beside a server that gets pushes and deletions and collects without a pause.
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { buildImage, expectStatus, type Image, pullAll, pushImage } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { run, tempFolder } from "../support/processes.ts";
import { type Scope, signal } from "../support/scope.ts";
import { startBackupBucket } from "./backupBucket.ts";

const needs = { commands: [], timeoutMs: 240_000 };
const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 31));
const imageOf = (name: string): Image => buildImage({ seed: name, layerSizes: [60_000, 900] });

/** Numbers from 0 to 1, the same for the same seed. */
function randomsOf(name: string): () => number {
  let at = 0;
  return () => {
    at += 1;
    return (
      randomBytes(`${seed} ${name} ${at}`, 4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32
    );
  };
}

/** A server whose blobs are garbage as soon as nothing names them. */
const startBusy = (scope: Scope, data: string): Promise<RunningRegistry> =>
  startBreadbox(scope, { data, env: { BREADBOX_GC_MIN_AGE: "1s" } });

const repositoryOf = ({ url }: RunningRegistry, name = "team/app"): string => `${url}/v2/${name}`;

/** Pushes images to a repository of its own, and deletes every other one, until it is stopped. */
function churn(server: RunningRegistry): { stop(): Promise<number> } {
  const repository = repositoryOf(server, "team/busy");
  let [isStopped, pushed] = [false, 0];
  const work = (async () => {
    while (!isStopped) {
      const image = imageOf(`busy ${pushed}`);
      await pushImage(repository, `t${pushed}`, image);
      pushed += 1;
      if (pushed % 2 === 0) continue;
      const { digest } = image.manifest;
      await expectStatus(
        await fetch(`${repository}/manifests/${digest}`, { method: "DELETE" }),
        202,
      );
    }
    return pushed;
  })();
  return {
    stop() {
      isStopped = true;
      return work;
    },
  };
}

/** Collections one after the other, by requests. */
function collecting({ url }: RunningRegistry): { stop(): Promise<number> } {
  let [isStopped, runs] = [false, 0];
  const work = (async () => {
    while (!isStopped) {
      const answer = await fetch(`${url}/v1/gc`, { method: "POST" });
      if (answer.status === 202) runs += 1;
      await answer.arrayBuffer();
      await Bun.sleep(5);
    }
    return runs;
  })();
  return {
    stop() {
      isStopped = true;
      return work;
    },
  };
}

/** Runs a command again and again, and kills it at any moment of its work. */
class Killer {
  killed = 0;
  /** How long the command takes when it is not killed; ms. A guess until it was seen. */
  #wholeMs: number;
  readonly #command: readonly string[];
  readonly #random: () => number;

  constructor(command: readonly string[], random: () => number, guessMs: number) {
    this.#command = command;
    this.#random = random;
    this.#wholeMs = guessMs;
  }

  async once(): Promise<void> {
    const begun = performance.now();
    const child = Bun.spawn([...this.#command], { stdout: "ignore", stderr: "ignore" });
    const wait = Bun.sleep(this.#random() * this.#wholeMs).then(() => false);
    if (await Promise.race([child.exited.then(() => true), wait])) {
      this.#wholeMs = performance.now() - begun;
    } else if (signal(child.pid, "SIGKILL")) this.killed += 1;
    await child.exited;
  }
}

clientTest(
  "a backup that is made while images are pushed, deleted and collected restores to a store with everything that was acknowledged before it",
  needs,
  async (scope) => {
    const folder = tempFolder(scope, "busy");
    const server = await startBusy(scope, join(folder, "data"));
    const kept = Array.from({ length: 12 }, (_, place) => `kept-${place}`);
    for (const tag of kept) await pushImage(repositoryOf(server), tag, imageOf(tag));
    const pushes = churn(server);
    const collections = collecting(server);
    const target = join(folder, "target");
    const binary = await breadboxBinary();

    for (const copy of [["--copy"], [], ["--copy", "--keep", "2d"]]) {
      const tag = `before-${copy.length}`;
      await pushImage(repositoryOf(server), tag, imageOf(tag));
      kept.push(tag);
      const made = await run([binary, "backup", target, "--data", server.data, ...copy]);
      expect(made.stdout).toStartWith("Backed up: ");
      const data = join(folder, `restored-${copy.length}`);
      await run([binary, "restore", target, "--data", data]);

      expect(await problemsOf(data)).toEqual([]);
      const restored = await startBreadbox(scope, { data });
      for (const name of kept) await pullAll(repositoryOf(restored), name);
      await restored.stop();
    }
    const verified = await run([binary, "backup", "verify", target]);

    expect(verified.stdout).toContain("No problem was found.");
    expect(await pushes.stop()).toBeGreaterThan(5);
    expect(await collections.stop()).toBeGreaterThan(1);
    expect(await problemsOf(server.data)).toEqual([]);
  },
);

const kinds = {
  "a directory": async (scope: Scope) => {
    const target = join(tempFolder(scope, "killed"), "target");
    return { target, isThere: () => existsSync(target) };
  },
  "a bucket": async (scope: Scope) => {
    const { target } = await startBackupBucket(scope);
    return { target: target(), isThere: () => true };
  },
};

for (const [kind, open] of Object.entries(kinds)) {
  clientTest(
    `backups to ${kind} that are killed at any moment leave whole ones only, and the next one is complete (BREADBOX_TEST_SEED=${seed})`,
    needs,
    async (scope) => {
      const folder = tempFolder(scope, "busy");
      const server = await startBusy(scope, join(folder, "data"));
      const { target, isThere } = await open(scope);
      const binary = await breadboxBinary();
      const command = [binary, "backup", target, "--data", server.data, "--copy", "--keep", "1d"];
      const killer = new Killer(command, randomsOf(`kills ${kind}`), 580);
      for (let round = 0; round < 14; round += 1) {
        for (const part of ["a", "b"]) {
          await pushImage(repositoryOf(server), "moving", imageOf(`${round}${part}`));
        }
        await killer.once();
        const verified = await run([binary, "backup", "verify", target], { mayFail: true });
        // Until the first one is complete there is nothing to verify.
        if (isThere()) expect(verified.output).toMatch(/No problem was found\.| has no backup\n$/);
      }
      const last = await run(command);
      const data = join(folder, "restored");
      await run([binary, "restore", target, "--data", data]);

      expect(killer.killed).toBeGreaterThan(2);
      expect(last.stdout).toStartWith("Backed up: ");
      const { stdout } = await run([binary, "backup", "list", target, "--json"]);
      expect(JSON.parse(stdout)).toHaveLength(1);
      expect(await problemsOf(data)).toEqual([]);
      expect(await problemsOf(server.data)).toEqual([]);
      const restored = await startBreadbox(scope, { data });
      await pullAll(repositoryOf(restored), "moving");
    },
  );

  clientTest(
    `a restore from ${kind} that is killed makes no store, and continues when it is run again`,
    needs,
    async (scope) => {
      const folder = tempFolder(scope, "restores");
      const server = await startBreadbox(scope, { data: join(folder, "data") });
      for (let at = 0; at < 30; at += 1) {
        await pushImage(repositoryOf(server), `t${at}`, imageOf(`restore ${at}`));
      }
      const [{ target }, data] = [await open(scope), join(folder, "restored")];
      const binary = await breadboxBinary();
      await run([binary, "backup", target, "--data", server.data]);
      const command = [binary, "restore", target, "--data", data];
      const killer = new Killer(command, randomsOf("restores"), 210);
      const isThere = () => existsSync(join(data, "breadbox.db"));
      for (let round = 0; round < 8; round += 1) {
        if (isThere()) await rm(data, { recursive: true });
        await killer.once();
      }
      if (!isThere()) await run(command);

      expect(killer.killed).toBeGreaterThan(0);
      expect(await problemsOf(data)).toEqual([]);
      const restored = await startBreadbox(scope, { data });
      for (let at = 0; at < 30; at += 1) await pullAll(repositoryOf(restored), `t${at}`);
    },
  );
}
