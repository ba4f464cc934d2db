// Uploads of a race that come in parts: completed, completed twice, aborted, or left to those who clean up.
import type { Answer } from "./client.ts";
import type { Content } from "./contents.ts";
import type { ObjectDeps, RaceObject } from "./objects.ts";

/** What sending parts works with. */
export interface PartsDeps extends ObjectDeps {
  /** In [0, 1). */
  readonly random: () => number;
}

interface Part {
  readonly part_number: number;
  readonly etag: string;
}

const fewestParts = 2;
const mostParts = 4;

/** Sends `content` in parts, all at the same time. @returns true when the object is made of it now. */
export async function putInParts(
  deps: PartsDeps,
  object: RaceObject,
  content: Content,
): Promise<boolean> {
  const { client, ledger, random } = deps;
  const uploads = `/v1/buckets/${object.bucket}/multipart-uploads`;
  const body = JSON.stringify({ object: object.name });
  const begun = await client.ask("POST", uploads, { body });
  const id = /"upload_id":"([^"]+)"/.exec(begun.text)?.[1];
  if (begun.status !== 201 || id === undefined) {
    ledger.note("others", `initiating an upload: ${begun.status} ${begun.text}`);
    return false;
  }
  const path = `${uploads}/${id}`;
  ledger.openUploads.add(path);
  const sent = cut(content.bytes, random).map((bytes, index) =>
    sendPart(deps, `${path}/parts/${index + 1}`, bytes),
  );
  const etags = await Promise.all(sent);
  const parts = etags.map((etag, index) => ({ part_number: index + 1, etag }));
  const fate = random();
  if (fate < 0.75) return complete(deps, { path, parts }, { object, content });
  if (fate < 0.97) await abort(deps, path);
  return false;
}

/** Ends an upload that is open. */
export async function abort({ client, ledger }: ObjectDeps, path: string): Promise<void> {
  const answer = await client.ask("DELETE", path);
  const isAborted = answer.status === 204 || (answer.again && answer.status === 404);
  if (!isAborted) ledger.note("others", `an abort: ${answer.status} ${answer.text}`);
  ledger.openUploads.delete(path);
  ledger.counts.abortedUploads += 1;
  const after = await client.ask("GET", `${path}/parts`);
  if (after.status !== 404) ledger.note("others", `an aborted upload answers ${after.status}`);
}

/** Now and then it has other bytes first. @returns its etag. */
async function sendPart(
  { client, ledger, random }: PartsDeps,
  path: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  if (random() < 0.1) await client.ask("PUT", path, { body: body.slice(1).reverse() });
  const { status, text } = await client.ask("PUT", path, { body });
  if (status !== 200) ledger.note("others", `${path}: ${status} ${text}`);
  return /"etag":"([^"]+)"/.exec(text)?.[1] ?? "";
}

async function complete(
  { client, ledger, random }: PartsDeps,
  { path, parts }: { readonly path: string; readonly parts: readonly Part[] },
  { object, content }: { readonly object: RaceObject; readonly content: Content },
): Promise<boolean> {
  const body = JSON.stringify({ parts });
  const ask = (): Promise<Answer> => client.ask("POST", `${path}/complete`, { body });
  object.begin(content);
  const first = await ask();
  const done = isObject(first, content);
  // As if the answer had been lost.
  const again = done && random() < 0.2 ? await ask() : first;
  object.end(done);
  if (!done) ledger.note("others", `completing ${path}: ${first.status} ${first.text}`);
  if (again.text !== first.text) {
    ledger.note("others", `completing ${path} again: ${again.status} ${again.text}`);
  }
  ledger.openUploads.delete(path);
  ledger.counts.completedUploads += 1;
  return done;
}

const isObject = ({ status, text }: Answer, { digest }: Content): boolean =>
  status === 200 && text.includes(`"digest":"${digest}"`);

/** Two to four pieces, none of them empty. */
function cut(bytes: Uint8Array<ArrayBuffer>, random: () => number) {
  const count = fewestParts + Math.floor(random() * (mostParts - fewestParts + 1));
  const cuts = Array.from(
    { length: count - 1 },
    () => 1 + Math.floor(random() * (bytes.length - 1)),
  );
  const ends = [...new Set(cuts), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}
