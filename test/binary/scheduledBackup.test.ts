// A server that backs itself up every minute, and one whose database is replaced by an older one.
import { expect } from "bun:test";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { minuteClock } from "../support/fakeClock.ts";
import { buildImage, pullAll, pushImage } from "../support/images.ts";
import { run, tempFolder, waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { startReceiver } from "../support/webhookReceiver.ts";
import { startBackupBucket } from "./backupBucket.ts";

const needs = { commands: ["faketime"], timeoutMs: 180_000 };
const image = buildImage({ seed: "scheduled", layerSizes: [50_000] });

const kinds = {
  "a directory": async (scope: Scope) => {
    const target = join(tempFolder(scope, "backups"), "target");
    return { target, name: target, secret: "nothing is secret" };
  },
  "a bucket of another Breadbox": async (scope: Scope) => {
    const { url, token, target } = await startBackupBucket(scope);
    return { target: target(), name: url, secret: token };
  },
};

for (const [kind, open] of Object.entries(kinds)) {
  clientTest(
    `a server whose backup.target is ${kind} backs itself up by its schedule, and says so everywhere`,
    needs,
    async (scope) => {
      const folder = tempFolder(scope, "scheduled");
      const { target, name, secret } = await open(scope);
      const receiver = startReceiver(scope);
      const file = join(folder, "target.txt");
      writeFileSync(file, `${target}\n`);
      const { env, endMinute } = minuteClock(scope);
      const hooks = [{ name: "ops", url: receiver.url, events: ["backup"] }];
      const server = await startBreadbox(scope, {
        data: join(folder, "data"),
        env: {
          ...env,
          ...{ BREADBOX_BACKUP_TARGET_FILE: file, BREADBOX_BACKUP_SCHEDULE: "* * * * *" },
          BREADBOX_WEBHOOKS: JSON.stringify(hooks),
        },
      });
      await pushImage(`${server.url}/v2/team/app`, "1", image);
      const metric = async (of: string): Promise<string> => {
        const text = await (await fetch(`${server.url}/metrics`)).text();
        return new RegExp(`^${of}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(text)?.[1] ?? "";
      };
      expect(await metric("breadbox_backup_overdue")).toBe("1");

      endMinute();
      await waitFor("a backup", async () => (await metric("breadbox_backup_overdue")) === "0", {
        ...{ timeoutMs: 90_000, everyMs: 500, explain: server.logs },
      });

      const status = await (await fetch(`${server.url}/v1/status`)).json();
      expect(status).toMatchObject({
        last_backup: { state: "done", trigger: "schedule", target: name, contents: 2 },
        warnings: [],
      });
      const ended = await metric("breadbox_backup_last_success_timestamp_seconds");
      expect(Number(ended)).toBeGreaterThan(0);
      expect(server.logs()).toContain('"event":"backup"');
      const page = await (await fetch(server.url, { headers: { Accept: "text/html" } })).text();
      expect(page).toContain("Last backup");
      const binary = await breadboxBinary();
      const { stdout } = await run([binary, "status", "--data", server.data], { env });
      expect(stdout).toMatch(/^Backup +\d+s ago to /m);
      await waitFor("the event", async () => receiver.received.length > 0, {
        explain: server.logs,
      });
      expect(receiver.received[0]?.body).toMatchObject({
        type: "breadbox.backup.succeeded",
        data: { state: "done", trigger: "schedule", target: name, contents: 2 },
      });
      const told = [
        server.logs(),
        page,
        stdout,
        JSON.stringify(status),
        receiver.received[0]?.text,
      ];
      expect(told.join("\n")).not.toContain(secret);
      const data = join(folder, "restored");
      await run([binary, "restore", target, "--data", data]);
      const restored = await startBreadbox(scope, { data });
      await pullAll(`${restored.url}/v2/team/app`, "1");
    },
  );
}

clientTest(
  "a database that is put into a newer data directory deletes nothing for a while, and says why",
  needs,
  async (scope) => {
    const folder = tempFolder(scope, "older");
    const data = join(folder, "data");
    const first = await startBreadbox(scope, { data });
    await first.stop();
    copyFileSync(join(data, "breadbox.db"), join(folder, "older.db"));
    const second = await startBreadbox(scope, { data });
    await pushImage(`${second.url}/v2/team/app`, "1", image);
    await second.stop();
    for (const name of ["-wal", "-shm"]) rmSync(join(data, `breadbox.db${name}`), { force: true });
    copyFileSync(join(folder, "older.db"), join(data, "breadbox.db"));

    const third = await startBreadbox(scope, { data });

    expect(third.logs()).toContain('"event":"restored"');
    const binary = await breadboxBinary();
    const collected = await run([binary, "gc", "--data", data], { mayFail: true });
    expect(collected.code).toBe(1);
    expect(collected.output).toContain("nothing is deleted until");
    await pushImage(`${third.url}/v2/team/app`, "1", image);
    await pullAll(`${third.url}/v2/team/app`, "1");
  },
);
