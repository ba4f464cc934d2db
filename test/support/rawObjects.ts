// Objects in parts over raw connections, with the time of each step. The bytes come from one prepared block, so that sending costs little.
import { Connection } from "./connection.ts";
import { askFor } from "./rawUploads.ts";

/** An object to send. Sizes in bytes. */
export interface PartedObject {
  readonly bucket: string;
  readonly object: string;
  readonly size: number;
  /** Of every part but the last. */
  readonly partSize: number;
  /** Parts under way at a time, one connection each. */
  readonly lanes: number;
  /** What parts are filled with, behind first bytes that tell them apart. */
  readonly block: Uint8Array;
}

/** Milliseconds of an upload in parts. */
export interface PartedTimes {
  /** From the first byte of the initiate to the last answer to a part. */
  readonly partsMs: number;
  readonly completeMs: number;
  /** From the first byte of the initiate to the whole answer to the complete. */
  readonly totalMs: number;
}

/** A part as the complete names it. */
interface NamedPart {
  readonly part_number: number;
  readonly etag: string;
}

const json = { "Content-Type": "application/json" };

/** A body of its own, sent whole. */
export const textBody = (text: string) => {
  const head = Buffer.from(text);
  return { head, block: head, size: head.length };
};

/** Creates a bucket. */
export async function createBucket(connection: Connection, name: string): Promise<void> {
  const body = textBody(JSON.stringify({ name }));
  await askFor(connection, [201], { method: "POST", path: "/v1/buckets", headers: json, body });
}

/** Initiates, sends all parts over connections of their own, completes. */
export async function uploadInParts(port: number, plan: PartedObject): Promise<PartedTimes> {
  const lanes = await Promise.all(
    Array.from({ length: plan.lanes }, async () => Connection.open(port)),
  );
  const [first] = lanes;
  if (first === undefined) throw new Error("an upload needs a connection");
  try {
    const started = performance.now();
    const uploads = `/v1/buckets/${plan.bucket}/multipart-uploads`;
    const body = textBody(JSON.stringify({ object: plan.object }));
    const initiate = { method: "POST", path: uploads, headers: json, body };
    const { excerpt } = await askFor(first, [201], initiate);
    const { upload_id: id }: { upload_id: string } = JSON.parse(excerpt);
    const parts = await sendParts(lanes, `${uploads}/${id}`, plan);
    const sent = performance.now();
    const complete = { method: "POST", path: `${uploads}/${id}/complete`, headers: json };
    await askFor(first, [200], { ...complete, body: textBody(JSON.stringify({ parts })) });
    const done = performance.now();
    return { partsMs: sent - started, completeMs: done - sent, totalMs: done - started };
  } finally {
    for (const lane of lanes) lane.close();
  }
}

async function sendParts(
  lanes: readonly Connection[],
  upload: string,
  { size, partSize, block }: PartedObject,
): Promise<NamedPart[]> {
  const count = Math.max(1, Math.ceil(size / partSize));
  const parts: NamedPart[] = [];
  let next = 0;
  const work = async (lane: Connection): Promise<void> => {
    while (next < count) {
      const index = next++;
      const partBytes = Math.min(partSize, size - index * partSize);
      const head = Buffer.from(`part ${index + 1} of ${upload}`).subarray(0, partBytes);
      const path = `${upload}/parts/${index + 1}`;
      const answer = await askFor(lane, [200], {
        method: "PUT",
        path,
        body: { head, block, size: partBytes },
      });
      const etag = (answer.headers.get("etag") ?? "").replaceAll('"', "");
      parts[index] = { part_number: index + 1, etag };
    }
  };
  await Promise.all(lanes.map(work));
  return parts;
}
