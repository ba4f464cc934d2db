// `breadbox bucket get`: an object becomes a file, or standard output, once all of its bytes have been hashed.

import { stat } from "node:fs/promises";
import { showBytes } from "../../amounts.ts";
import { type BucketAddress, lastSegment, readObject, showAddress } from "../../client/address.ts";
import type { Client } from "../../client/client.ts";
import { look, type Wanted } from "../../client/objectBytes.ts";
import { CommandError } from "../../client/problems.ts";
import type { Patience } from "../../client/retry.ts";
import { plainText } from "../../plainText.ts";
import { exitCode } from "../exitCode.ts";
import { print, printJson } from "../print.ts";
import type { Options } from "../settingFlags.ts";
import { fetchInto } from "./fetchObject.ts";
import { readRetryFor } from "./put.ts";
import { withServer } from "./session.ts";
import { OutputSink, PartFile, placeOf } from "./sinks.ts";
import { Transfer } from "./transfer.ts";

const standardOutput = "-";

/** Gets an object into `path`, or into a file of its name in the current folder. @returns 0 when it is whole. @throws ConfigError */
export function get(source: string, path: string | undefined, options: Options): Promise<number> {
  return withServer("bucket get", options, async (client) => {
    const target = readObject(source);
    const forMs = readRetryFor(options);
    if (path === standardOutput) {
      await toOutput({ client, target, forMs });
      return exitCode.done;
    }
    const place = await placeOf(path, lastSegment(target.object));
    if (options["force"] !== true) await assertFree(place);
    const { size, digest } = await toFile(place, { client, target, forMs });
    if (options["json"] === true) printJson({ ...target, file: place, size_bytes: size, digest });
    else print(gotText(target, place, { size, digest }));
    return exitCode.done;
  });
}

/** @throws CommandError */
async function assertFree(place: string): Promise<void> {
  const isTaken = await stat(place).then(
    () => true,
    () => false,
  );
  if (!isTaken) return;
  throw new CommandError(`${place} exists: name another file, or add --force to replace it.`);
}

const gotText = (target: BucketAddress, place: string, { size, digest }: Wanted): string =>
  `Got ${plainText(showAddress(target))} as ${plainText(place)} (${showBytes(size)})\n${digest}`;

interface Request {
  readonly client: Client;
  readonly target: BucketAddress;
  readonly forMs: number;
}

async function toFile(place: string, { client, target, forMs }: Request): Promise<Wanted> {
  // Asked first, and once: a wrong name or a server that is not there should leave no file.
  const wanted = await look(client, target);
  using transfer = new Transfer("getting", wanted.size);
  const sink = await PartFile.open(place);
  try {
    const patience = patienceOf(client, transfer, forMs);
    const fetched = await fetchInto(sink, { client, target, patience, transfer }, wanted);
    await sink.publish();
    return fetched;
  } catch (error) {
    if (sink.offset > 0) {
      transfer.say(`${sink.path} keeps what arrived. To go on, run the same command again.`);
    }
    throw error;
  } finally {
    await sink.close();
  }
}

async function toOutput({ client, target, forMs }: Request): Promise<void> {
  const wanted = await look(client, target);
  using transfer = new Transfer("getting", wanted.size);
  const patience = patienceOf(client, transfer, forMs);
  await fetchInto(new OutputSink(), { client, target, patience, transfer }, wanted);
}

function patienceOf(client: Client, { stop, say }: Transfer, forMs: number): Patience {
  return { stop, forMs, url: client.url, say, outage: { isTold: false } };
}
