// A real S3 server that stops, dies and comes back while bytes arrive: senders wait, and nothing is lost.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/model/digest.ts";
import { beginSession, readContent, sealed } from "../../support/contents.ts";
import { versitygw } from "../../support/goPrograms.ts";
import { goToolNeeds } from "../../support/goTools.ts";
import { radosgwNeeds, startRadosgw } from "../../support/radosgw.ts";
import { onServer, type S3Server } from "../../support/s3Server.ts";
import { noise } from "../../support/store.ts";
import { startVersitygw } from "../../support/versitygw.ts";
import { cellBytes, newPrefix, openReplica } from "./stores.ts";

const options = { expected: null, resumable: true, signal: new AbortController().signal };
const bytes = noise(4 * cellBytes + 1234);
const step = 500_000;

/** Calls `trouble` when half of the bytes were taken. @returns how far its reader is. */
function bodyWith(trouble: () => void) {
  const taken = { bytes: 0 };
  const body = (async function* () {
    for (let at = 0; at < bytes.length; at += step) {
      if (at <= bytes.length / 2 && at + step > bytes.length / 2) trouble();
      taken.bytes = at;
      yield bytes.slice(at, at + step);
    }
  })();
  return { body, taken };
}

const outages = (server: S3Server) => {
  test("that stands still makes the sender wait, with two cells on their way at most", async () => {
    const storage = await openReplica(server.bucket, newPrefix());
    const { pid } = server.process();
    const { body, taken } = bodyWith(() => process.kill(pid, "SIGSTOP"));
    const appending = storage.staging.append(await beginSession(storage), body, options);
    // It waits when a second brings nothing more.
    let waiting = -1;
    while (taken.bytes !== waiting) {
      waiting = taken.bytes;
      await Bun.sleep(1_000);
    }
    process.kill(pid, "SIGCONT");

    const appended = await appending;
    const found = await readContent(storage, await sealed(storage, appended));

    expect(waiting).toBeLessThan(bytes.length / 2 + 3 * cellBytes);
    expect(appended).toMatchObject({ offset: bytes.length, cut: null });
    expect(found && digestOf(found)).toBe(digestOf(bytes));
  }, 60_000);

  test("that is killed before the end of an upload completes it once it is back", async () => {
    const storage = await openReplica(server.bucket, newPrefix());
    const { body } = bodyWith(() => {});
    const appended = await storage.staging.append(await beginSession(storage), body, options);
    await server.process().kill9();

    const sealing = sealed(storage, appended);
    await Bun.sleep(500);
    await server.restart();
    const found = await readContent(storage, await sealing);

    expect(found && digestOf(found)).toBe(digestOf(bytes));
  }, 60_000);

  test("that stands still at the end of an upload completes it later", async () => {
    const storage = await openReplica(server.bucket, newPrefix());
    const { pid } = server.process();
    const { body } = bodyWith(() => {});
    const appended = await storage.staging.append(await beginSession(storage), body, options);
    process.kill(pid, "SIGSTOP");

    const sealing = sealed(storage, appended);
    await Bun.sleep(1_000);
    process.kill(pid, "SIGCONT");
    const found = await readContent(storage, await sealing);

    expect(found && digestOf(found)).toBe(digestOf(bytes));
  }, 60_000);

  test("that is killed and started again is sent what it has not answered", async () => {
    const storage = await openReplica(server.bucket, newPrefix());
    let restarting: Promise<void> | null = null;
    const { body } = bodyWith(() => {
      restarting = server
        .process()
        .kill9()
        .then(() => Bun.sleep(500))
        .then(() => server.restart());
    });

    const appended = await storage.staging.append(await beginSession(storage), body, options);
    await restarting;
    const found = await readContent(storage, await sealed(storage, appended));

    expect(appended).toMatchObject({ offset: bytes.length, cut: null });
    expect(found && digestOf(found)).toBe(digestOf(bytes));
  }, 60_000);
};

await onServer("versitygw", goToolNeeds(versitygw), startVersitygw, (server) => {
  describe("an S3 server (versitygw)", () => outages(server));
});
await onServer("radosgw", radosgwNeeds, startRadosgw, (server) => {
  describe("an S3 server (radosgw)", () => outages(server));
});
