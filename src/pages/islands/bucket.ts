// The drop zone of a bucket: small files go in one request, large ones in parts, several at a time. A part that fails is sent again, and
// an upload that broke off goes on when the same file is dropped again, as long as the tab is open.
import { showBytes } from "../../amounts.ts";
import { pageNow } from "./shared/pageNow.ts";

/** Larger files are sent in parts; bytes. */
const wholeUpTo = 16 * 1024 * 1024;
/** Least and most parts: the server says how many it takes. */
const partBytes = 16 * 1024 * 1024;
const atOnce = 4;
const attempts = 5;

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null;

/** An answer that refuses; its text is for the person. */
class Refused extends Error {}

async function refusalOf(answer: Response): Promise<Refused> {
  const body: unknown = await answer.json().catch(() => null);
  const errors = isMembers(body) ? body["errors"] : null;
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  const message = isMembers(first) ? String(first["message"]) : `status ${answer.status}`;
  if (answer.status === 401) return new Refused("you are logged out: log in again");
  return new Refused(answer.status === 412 ? "there is an object of this name" : message);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until there is an answer that is no passing trouble. @throws Refused */
async function ask(url: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(url, init).catch(() => null);
    if (answer?.ok) return answer;
    const isPassing = answer === null || answer.status >= 500 || answer.status === 429;
    if (answer !== null && !isPassing) throw await refusalOf(answer);
    if (attempt === attempts)
      throw new Refused("the server does not answer; drop the file again to go on");
    await wait(500 * 2 ** attempt);
  }
}

const json = { "content-type": "application/json", accept: "application/json" };
const typeOf = (file: File): string => file.type || "application/octet-stream";
/** Without it, an object of the same name is not replaced. */
const conditions = (replaces: boolean): Record<string, string> =>
  replaces ? {} : { "if-none-match": "*" };

interface Target {
  readonly bucket: string;
  readonly object: string;
  readonly replaces: boolean;
}

interface Part {
  readonly part_number: number;
  readonly etag: string;
}

/** An upload in parts that may go on. */
interface Begun {
  readonly url: string;
  readonly size: number;
  readonly done: Map<number, Part>;
}

/** By what a file is: the same one goes on where it broke off. */
const begun = new Map<string, Begun>();

async function sendWhole(file: File, { bucket, object, replaces }: Target): Promise<void> {
  const path = object.split("/").map(encodeURIComponent).join("/");
  await ask(`/v1/buckets/${bucket}/objects/${path}`, {
    method: "PUT",
    body: file,
    // A type that may name other content would have the server look into the file.
    headers: { "content-type": sentType(file), ...conditions(replaces) },
  });
}

/** A JSON or text file is bytes like others, and never a link to other content. */
const sentType = (file: File): string =>
  /^(?:application\/json|application\/x-www-form-urlencoded|text\/plain)/i.test(typeOf(file))
    ? "application/octet-stream"
    : typeOf(file);

async function begin(file: File, { bucket, object }: Target): Promise<Begun> {
  const answer = await ask(`/v1/buckets/${bucket}/multipart-uploads`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ object, content_type: typeOf(file) }),
  });
  const body: unknown = await answer.json();
  const limits = isMembers(body) ? body["limits"] : null;
  const most = isMembers(limits) ? Number(limits["max_parts"]) : 1000;
  const longest = isMembers(limits) ? Number(limits["max_part_bytes"]) : partBytes;
  const size = Math.min(longest, Math.max(partBytes, Math.ceil(file.size / most)));
  return { url: answer.headers.get("location") ?? "", size, done: new Map() };
}

async function sendParts(
  file: File,
  target: Target,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const key = [target.bucket, target.object, file.size, file.lastModified].join("/");
  const upload = begun.get(key) ?? (await begin(file, target));
  begun.set(key, upload);
  const { url, size, done } = upload;
  const count = Math.ceil(file.size / size);
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const left = numbers.filter((number) => !done.has(number));
  const told = () => onProgress(Math.min(file.size, done.size * size));
  told();
  const sendNext = async (): Promise<void> => {
    for (let number = left.shift(); number !== undefined; number = left.shift()) {
      const body = file.slice((number - 1) * size, number * size);
      const answer = await ask(`${url}/parts/${number}`, { method: "PUT", body });
      const part: unknown = await answer.json();
      if (isMembers(part)) done.set(number, { part_number: number, etag: String(part["etag"]) });
      told();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sendNext));
  const parts = numbers.flatMap((number) => done.get(number) ?? []);
  await ask(`${url}/complete`, {
    method: "POST",
    headers: { ...json, ...conditions(target.replaces) },
    body: JSON.stringify({ parts }),
  });
  begun.delete(key);
}

/** The listing as it is on the server now. */
async function drawListing(): Promise<void> {
  const page = await pageNow();
  const [old, next] = [document, page].map((each) => each?.querySelector("[data-listing]"));
  if (old && next) old.replaceChildren(...next.children);
}

async function send(file: File, zone: HTMLElement): Promise<void> {
  const line = document.createElement("li");
  const bar = document.createElement("progress");
  const said = document.createElement("span");
  bar.max = Math.max(1, file.size);
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  line.append(`${file.name}, ${showBytes(file.size)}`, bar, said);
  zone.querySelector(".sent")?.append(line);
  const { bucket = "", prefix = "" } = zone.dataset;
  const replaces = zone.querySelector<HTMLInputElement>("input[name=replace]")?.checked === true;
  const target = { bucket, object: prefix + file.name, replaces };
  const onProgress = (bytes: number): void => {
    bar.value = bytes;
  };
  try {
    if (file.size <= wholeUpTo) await sendWhole(file, target);
    else await sendParts(file, target, onProgress);
    bar.remove();
    said.textContent = "stored";
    await drawListing();
  } catch (error) {
    bar.remove();
    said.textContent = `not stored: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** One file after the other: the parts of one are sent at the same time. */
let queue: Promise<unknown> = Promise.resolve();
function sendAll(files: readonly File[], zone: HTMLElement): void {
  for (const file of files) queue = queue.then(() => send(file, zone));
}

for (const zone of document.querySelectorAll<HTMLElement>("[data-drop]")) {
  zone.hidden = false;
  for (const form of document.querySelectorAll<HTMLElement>("form[data-plain]")) form.hidden = true;
  const input = zone.querySelector<HTMLInputElement>("input[type=file]");
  input?.addEventListener("change", () => {
    sendAll([...(input.files ?? [])], zone);
    input.value = "";
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.setAttribute("data-over", "");
  });
  zone.addEventListener("dragleave", () => zone.removeAttribute("data-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.removeAttribute("data-over");
    sendAll([...(event.dataTransfer?.files ?? [])], zone);
  });
}
