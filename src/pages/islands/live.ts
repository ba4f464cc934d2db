// Parts of a page that live: told by server-sent events, and drawn by the server alone. What only moves, bytes and speed, is written into
// the page; for everything else the page is asked for again, and its part replaced.

import { showBytes } from "../../amounts.ts";
import { pageNow } from "./shared/pageNow.ts";

interface Upload {
  readonly id: string;
  readonly bytes: number;
  readonly writing: boolean;
  /** Of an upload in parts. */
  readonly parts: string;
}

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function readUploads(text: string): readonly Upload[] {
  const value: unknown = JSON.parse(text);
  return (Array.isArray(value) ? value : []).flatMap((one: unknown) =>
    isMembers(one)
      ? [
          {
            ...{ id: String(one["id"]), bytes: Number(one["bytes"]) },
            ...{ writing: one["writing"] === true, parts: String(one["parts"] ?? "") },
          },
        ]
      : [],
  );
}

/** What was told of an upload before. */
const before = new Map<string, { readonly bytes: number; readonly at: number }>();

function draw({ id, bytes, parts }: Upload, row: Element): void {
  const now = performance.now();
  const last = before.get(id);
  before.set(id, { bytes, at: now });
  const received = row.querySelector("[data-bytes]");
  const speed = row.querySelector("[data-speed]");
  const count = row.querySelector("[data-parts]");
  if (count !== null) count.textContent = parts;
  if (received !== null) received.textContent = showBytes(bytes);
  if (speed === null || last === undefined) return;
  const perSecond = (1000 * (bytes - last.bytes)) / Math.max(1, now - last.at);
  speed.textContent = perSecond > 0 ? `${showBytes(Math.round(perSecond))}/s` : "–";
}

/** Asks for the page again, and takes its living part. What a person has opened stays open, and what has the focus keeps it. */
async function replace(part: Element): Promise<void> {
  const isBusy =
    part.querySelector("details[open]") !== null || part.contains(document.activeElement);
  if (isBusy) {
    setTimeout(() => void replace(part), 2000);
    return;
  }
  const page = await pageNow();
  const next = page?.querySelector(`[data-live="${part.getAttribute("data-live")}"]`);
  if (!next) return;
  part.replaceChildren(...next.children);
  part.setAttribute("data-shown", next.getAttribute("data-shown") ?? "");
  quiet(part);
}

/** With a script nobody has to load the page again. */
function quiet(part: Element): void {
  for (const hint of part.querySelectorAll("[data-still]")) hint.remove();
}

function watchUploads(part: Element, text: string): void {
  const uploads = readUploads(text);
  const rows = [...part.querySelectorAll("[data-upload]")];
  const shown = new Map(
    rows.map((row) => [row.getAttribute("data-upload"), row.getAttribute("data-writing")]),
  );
  const isSame =
    uploads.length === shown.size &&
    uploads.every(({ id, writing }) => shown.get(id) === String(writing));
  if (!isSame) void replace(part);
  for (const upload of uploads) {
    const row = rows.find((each) => each.getAttribute("data-upload") === upload.id);
    if (row !== undefined) draw(upload, row);
  }
}

interface Check {
  readonly id: string;
  readonly state: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

function readChecks(text: string): readonly Check[] {
  const value: unknown = JSON.parse(text);
  return (Array.isArray(value) ? value : []).flatMap((one: unknown) =>
    isMembers(one)
      ? [
          {
            ...{ id: String(one["id"]), state: String(one["state"]) },
            phase: String(one["phase"] ?? ""),
            ...{ done: Number(one["done"] ?? 0), total: Number(one["total"] ?? 0) },
          },
        ]
      : [],
  );
}

/** Progress is written into the page; another phase has another name, which the server knows. */
function watchChecks(part: Element, text: string): void {
  const checks = readChecks(text);
  const states = JSON.stringify(checks.map(({ id, state }) => ({ id, state })));
  if (part.getAttribute("data-shown") !== states) {
    void replace(part);
    return;
  }
  for (const { id, phase, done, total } of checks) {
    const row = part.querySelector(`[data-check="${CSS.escape(id)}"]`);
    const bar = row?.querySelector("progress");
    if (row === null || bar === null || bar === undefined) continue;
    if (row.getAttribute("data-phase") !== phase) void replace(part);
    bar.max = Math.max(1, total);
    bar.value = Math.min(done, bar.max);
  }
}

for (const part of document.querySelectorAll("[data-live]")) {
  const topic = part.getAttribute("data-live") ?? "";
  const source = new EventSource(`/v1/events?topics=${topic}`);
  source.addEventListener(topic, ({ data }: MessageEvent<string>) => {
    quiet(part);
    if (topic === "uploads") watchUploads(part, data);
    else if (topic === "checks") watchChecks(part, data);
    // It may have changed since the page was drawn.
    else if (part.getAttribute("data-shown") !== data) void replace(part);
  });
}
