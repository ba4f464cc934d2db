// One upload that several requests want something of at once: what they were told, and whether what is left agrees with it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RegistryError } from "../../src/errors.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import type { NamedPart } from "../../src/objects/partList.ts";
import type { Body } from "../../src/storage/staging.ts";
import { randomBytes, randomNumbers } from "../support/bytes.ts";
import { bodyOf, type Words } from "./room.ts";

/** How one request ended. */
type Ended =
  | { readonly kind: "completed"; readonly list: readonly NamedPart[] }
  | { readonly kind: "aborted" }
  | { readonly kind: "stored"; readonly part: NamedPart }
  | { readonly kind: "refused"; readonly error: unknown };

/** What happened to one upload. `faults` is empty when all of it agrees. */
export interface LaneReport {
  readonly end: "completed" | "aborted" | "open";
  readonly faults: readonly string[];
}

/** What is raced over. */
interface Lane {
  readonly room: Words;
  readonly seed: string;
  readonly random: () => number;
  readonly id: UploadId;
  readonly object: string;
  /** Whatever was sent, by its etag. */
  readonly sent: Map<string, Uint8Array>;
  readonly faults: string[];
}

/** Whom a race may refuse: who came too late, who is in the way, who names a part that was replaced, who asked for another object. */
const mayBe: readonly number[] = [404, 409, 412];
const mostParts = 5;
const mostBytes = 150_000;

async function openLane(room: Words, seed: string): Promise<Lane> {
  const object = `race/${seed}`;
  const random = randomNumbers(seed);
  const id = await room.initiate(object);
  return { room, seed, object, random, id, sent: new Map(), faults: [] };
}

/** One part that is sent several times at once. @returns what does not agree. */
export async function runSenders(room: Words, seed: string): Promise<readonly string[]> {
  const lane = await openLane(room, seed);
  const versions = ["one", "two", "three"];
  const requests = versions.map((version): Request => {
    return async () => ({ kind: "stored", part: await store(lane, 1, version) });
  });
  const ended = await Promise.all(requests.map((request) => settle(lane, request)));
  await judge(lane, ended);
  return named(lane);
}

/** Runs one race. All that is random in it depends on `seed`. */
export async function runLane(room: Words, seed: string): Promise<LaneReport> {
  const lane = await openLane(room, seed);
  const count = 1 + pick(lane, mostParts);
  const list: NamedPart[] = [];
  for (let number = 1; number <= count; number += 1) list.push(await store(lane, number, "first"));
  const ended = await Promise.all(rivals(lane, list).map((request) => settle(lane, request)));
  const end = await judge(lane, ended);
  return { end, faults: named(lane) };
}

const named = ({ seed, faults }: Lane): string[] => faults.map((fault) => `${seed}: ${fault}`);

const pick = ({ random }: Lane, below: number): number => Math.floor(random() * below);

async function store(lane: Lane, number: number, version: string): Promise<NamedPart> {
  const bytes = randomBytes(`${lane.seed}/${number}/${version}`, pick(lane, mostBytes));
  const part = await lane.room.put(lane.id, number, slowly(lane, bytes));
  lane.sent.set(part.etag, bytes);
  return part;
}

/** A body in a few chunks, between which others get their turn. */
function slowly(lane: Lane, bytes: Uint8Array): Body {
  const { random } = lane;
  const chunks = bodyOf(bytes, 1 + Math.floor(random() * mostBytes));
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of chunks) {
        yield chunk;
        await hops(random, 6);
      }
    },
  };
}

/** Lets a random number of turns of the event loop pass, fewer than `below`. */
export async function hops(random: () => number, below: number): Promise<void> {
  for (let left = Math.floor(random() * below); left > 0; left -= 1) await Bun.sleep(0);
}

type Request = () => Promise<Ended>;

/** Requests that all want something of the upload, one completion at least among them. */
function rivals(lane: Lane, list: readonly NamedPart[]): Request[] {
  const { room, id, random } = lane;
  const complete = (parts: readonly NamedPart[], second: boolean) => async (): Promise<Ended> => {
    // A precondition that holds when it is first asked, and no longer in the end.
    let asked = 0;
    const allows = () => !second || ++asked < 2;
    await room.complete(id, parts, { allows });
    return { kind: "completed", list: parts };
  };
  const put = (number: number, version: string) => async (): Promise<Ended> => ({
    kind: "stored",
    part: await store(lane, number, version),
  });
  const abort = async (): Promise<Ended> => {
    await room.abort(id);
    return { kind: "aborted" };
  };
  const twice = (number: number): Request[] => [
    put(number, `one ${random()}`),
    put(number, `other ${random()}`),
  ];
  const choices: (() => Request[])[] = [
    () => [complete(list, false)],
    () => [complete(list.slice(0, 1), false)],
    () => [complete(list, true)],
    () => twice(1 + pick(lane, list.length)),
    () => [put(list.length + 1, `more ${random()}`)],
    () => [abort],
  ];
  const others = Array.from({ length: 1 + pick(lane, 4) }, () => choices[pick(lane, 6)]?.() ?? []);
  return [complete(list, false), ...others.flat()];
}

async function settle(lane: Lane, request: Request): Promise<Ended> {
  await hops(lane.random, 12);
  return request().catch((error: unknown) => ({ kind: "refused", error }));
}

async function judge(lane: Lane, ended: readonly Ended[]): Promise<LaneReport["end"]> {
  for (const outcome of ended) {
    if (outcome.kind !== "refused") continue;
    const { error } = outcome;
    if (error instanceof RegistryError && mayBe.includes(error.status)) continue;
    lane.faults.push(`a request failed: ${error instanceof Error ? error.stack : error}`);
  }
  const completed = ended.filter((outcome) => outcome.kind === "completed");
  const aborted = ended.filter((outcome) => outcome.kind === "aborted");
  const lists = new Set(completed.map(({ list }) => list.length));
  if (aborted.length + lists.size > 1) lane.faults.push("the upload ended in more than one way");
  const [first] = completed;
  if (first !== undefined) {
    await expectObject(lane, first.list);
    await expectNothing(lane);
    return "completed";
  }
  if (aborted.length > 0) {
    await expectNothing(lane);
    return "aborted";
  }
  await expectOpen(lane, ended);
  return "open";
}

/** The object is exactly what the list names. */
async function expectObject({ room, object, sent, faults }: Lane, list: readonly NamedPart[]) {
  const wanted = Buffer.concat(list.map(({ etag }) => sent.get(etag) ?? Buffer.from("?")));
  const found = await room.read(object);
  if (!wanted.equals(found)) faults.push(`the object is not what its list of ${list.length} says`);
}

async function expectNothing({ room, id, faults }: Lane) {
  const { multipartLife } = room.deps();
  if ((await multipartLife.knownMultipart([id])).size > 0) faults.push("the upload has a row");
  if (existsSync(join(room.store.directory, "tmp", "multipart", id))) {
    faults.push("the upload has a folder");
  }
}

/** All parts are there, of each number one that was answered, and they can be completed. */
async function expectOpen(lane: Lane, ended: readonly Ended[]) {
  const { room, id, sent, faults } = lane;
  const listed = await room.parts(id);
  for (const outcome of ended) {
    if (outcome.kind !== "stored") continue;
    const found = listed.find(({ number }) => number === outcome.part.number);
    if (found === undefined)
      faults.push(`part ${outcome.part.number} was answered and is not there`);
  }
  for (const { number, etag } of listed) {
    if (!sent.has(etag)) faults.push(`part ${number} is one that nobody was answered`);
  }
  try {
    await room.complete(id, listed);
  } catch (error) {
    faults.push(`its parts cannot be completed: ${error}`);
    return;
  }
  await expectObject(lane, listed);
  await expectNothing(lane);
}
