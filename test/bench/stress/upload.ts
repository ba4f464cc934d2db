// One upload of the stress run, from its start to its end, whatever happens to the server meanwhile.
import type { Answer } from "../../support/connection.ts";
import { textBody } from "../../support/rawObjects.ts";
import type { Contents, PartPlan, Send, UploadPlan } from "./plan.ts";
import type { StressServer } from "./server.ts";

/** What the uploads did. */
export interface UploadFigures {
  uploads: number;
  completed: number;
  aborted: number;
  parts: number;
  replacedParts: number;
  repeatedCompletes: number;
  /** Kills right after a complete was sent. */
  killedCompletes: number;
  /** Of parts that were answered, replaced ones included. */
  sentBytes: number;
  readBytes: number;
  slowestCompleteMs: number;
  /** Stored files that a kill left without a row. */
  filesWithoutRow: number;
}

/** What uploads work with. */
export interface UploadRoom {
  readonly server: StressServer;
  readonly contents: Contents;
  readonly bucket: string;
  readonly figures: UploadFigures;
  /** What is not as it should be. */
  readonly violations: string[];
}

interface ObjectAnswer {
  readonly size_bytes: number;
  readonly etag: string;
  readonly digest: string;
}

const json = { "Content-Type": "application/json" };
const pathOf = (bucket: string, object: string): string =>
  `/v1/buckets/${bucket}/objects/${object}`;

/** Sends, then completes and reads back, or aborts. @returns the object's name when it is there now. */
export async function runUpload(
  room: UploadRoom,
  plan: UploadPlan,
  object = plan.object,
): Promise<string | null> {
  const { server, bucket, figures } = room;
  figures.uploads += 1;
  const uploads = `/v1/buckets/${bucket}/multipart-uploads`;
  const body = textBody(JSON.stringify({ object, content_type: "application/x-stress" }));
  const start = () => ({ method: "POST", path: uploads, headers: json, body });
  const { excerpt } = await server.ask(start, { statuses: [201] });
  const { upload_id: id }: { upload_id: string } = JSON.parse(excerpt);
  const upload = `${uploads}/${id}`;
  const expected = plan.abortAfter === null ? room.contents.digest(plan.parts) : null;
  const etags = await sendAll(room, plan, upload);
  if (expected === null) {
    figures.aborted += 1;
    return null;
  }
  const digest = await expected;
  await complete(room, plan, { upload, etags, digest });
  figures.completed += 1;
  await readBack(room, object, { digest, size: plan.size });
  return object;
}

/** @returns the etag of each number. */
async function sendAll(
  room: UploadRoom,
  { sends, lanes, abortAfter }: UploadPlan,
  upload: string,
): Promise<Map<number, string>> {
  const etags = new Map<number, string>();
  const state = { sent: 0, aborted: false };
  const put = async (part: PartPlan): Promise<void> => {
    const body = room.contents.body(part);
    const ask = () => ({ method: "PUT", path: `${upload}/parts/${part.number}`, body });
    // Whoever sends a part while the upload is aborted may meet its end.
    const statuses = abortAfter === null ? [200] : [200, 404];
    const answer = await room.server.ask(ask, { statuses });
    if (answer.status === 404 && !state.aborted) {
      room.violations.push(`${upload}: a part of an open upload was answered with 404`);
    }
    etags.set(part.number, (answer.headers.get("etag") ?? "").replaceAll('"', ""));
    room.figures.sentBytes += part.size;
  };
  const step = async ({ part, wrong, replaced }: Send): Promise<PartPlan | null> => {
    await put(wrong ?? part);
    room.figures.parts += 1;
    if (wrong === null) return null;
    room.figures.replacedParts += 1;
    if (replaced === "at the end") return part;
    await put(part);
    return null;
  };
  const later: PartPlan[] = [];
  const queue = [...sends];
  const work = async (): Promise<void> => {
    for (let send = queue.shift(); send !== undefined && !state.aborted; send = queue.shift()) {
      const rest = await step(send);
      if (rest !== null) later.push(rest);
      state.sent += 1;
      if (state.sent === abortAfter) {
        state.aborted = true;
        const ask = () => ({ method: "DELETE", path: upload });
        await room.server.ask(ask, { statuses: [204], late: [404] });
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  if (!state.aborted) await Promise.all(later.map(put));
  return etags;
}

interface Ending {
  readonly upload: string;
  readonly etags: ReadonlyMap<number, string>;
  readonly digest: string;
}

async function complete(
  { server, figures, violations }: UploadRoom,
  plan: UploadPlan,
  { upload, etags, digest }: Ending,
): Promise<void> {
  const parts = plan.parts.map(({ number }) => ({ part_number: number, etag: etags.get(number) }));
  const body = textBody(JSON.stringify({ parts, ...(plan.namesDigest ? { digest } : {}) }));
  const ask = () => ({ method: "POST", path: `${upload}/complete`, headers: json, body });
  const finish = () => server.ask(ask, { statuses: [200] });
  const started = performance.now();
  const answers = [finish()];
  if (plan.complete === "twice at once") answers.push(finish());
  if (plan.killAfterMs !== null) {
    figures.killedCompletes += 1;
    await Bun.sleep(plan.killAfterMs);
    await server.kill();
  }
  const answered: Answer[] = await Promise.all(answers);
  if (plan.killAfterMs === null) {
    figures.slowestCompleteMs = Math.max(figures.slowestCompleteMs, performance.now() - started);
  }
  if (plan.complete === "again") answered.push(await finish());
  figures.repeatedCompletes += answered.length - 1;
  for (const { excerpt } of answered) {
    const told: ObjectAnswer = JSON.parse(excerpt);
    if (told.digest !== digest || told.etag !== digest || told.size_bytes !== plan.size) {
      violations.push(`${upload}: ${plan.size} bytes of ${digest} were completed as ${excerpt}`);
    }
    if (excerpt !== answered[0]?.excerpt) {
      violations.push(`${upload}: completed again, it was answered otherwise`);
    }
  }
}

async function readBack(
  { server, bucket, figures, violations }: UploadRoom,
  object: string,
  { digest, size }: { readonly digest: string; readonly size: number },
): Promise<void> {
  let hasher = new Bun.CryptoHasher("sha256");
  const ask = () => {
    hasher = new Bun.CryptoHasher("sha256");
    const onBody = (chunk: Uint8Array) => hasher.update(chunk);
    return { method: "GET", path: pathOf(bucket, object), onBody };
  };
  const { bytes } = await server.ask(ask, { statuses: [200] });
  const found = `sha256:${hasher.digest("hex")}`;
  figures.readBytes += bytes;
  if (found !== digest || bytes !== size) {
    violations.push(`${object}: ${size} bytes of ${digest} were read as ${bytes} of ${found}`);
  }
}

/** Deletes an object that is there. */
export async function deleteObject({ server, bucket }: UploadRoom, object: string): Promise<void> {
  const ask = () => ({ method: "DELETE", path: pathOf(bucket, object) });
  await server.ask(ask, { statuses: [204], late: [404] });
}
