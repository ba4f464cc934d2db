// The curves as a picture: a small chart for each operation, its time at each size of the store.
import type { Curve } from "./curve.ts";

const [columns, width, height] = [3, 260, 110];
const [left, top, chart] = [16, 34, 52];

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** @returns an SVG that reads on light and on dark. */
export function drawCurves(curves: readonly Curve[], sizes: readonly number[]): string {
  const rows = Math.ceil(curves.length / columns);
  const box = `0 0 ${columns * width} ${rows * height}`;
  const style =
    "text{font:11px system-ui,sans-serif;fill:#57606a}.t{font-weight:600;fill:#24292f}polyline{fill:none;stroke:#0969da;stroke-width:2}circle{fill:#0969da}" +
    "@media(prefers-color-scheme:dark){rect{fill:#0d1117}text{fill:#8b949e}.t{fill:#e6edf3}polyline{stroke:#58a6ff}circle{fill:#58a6ff}}";
  const parts = curves.map((curve, place) => {
    const [x, y] = [(place % columns) * width, Math.floor(place / columns) * height];
    return `<g transform="translate(${x} ${y})">${drawCurve(curve, sizes)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" role="img"><title>Time of each operation as the store grows</title><style>${style}</style><rect width="100%" height="100%" fill="#fff"/>${parts.join("\n")}</svg>\n`;
}

function drawCurve({ label, values }: Curve, sizes: readonly number[]): string {
  // From zero: a curve that looks flat is flat.
  const highest = 1.25 * Math.max(...values);
  const points = values.map((value, place) => {
    const x = left + ((width - 3 * left) * place) / Math.max(1, values.length - 1);
    return { x, y: top + chart - (chart * value) / highest, value, size: sizes[place] ?? 0 };
  });
  const anchors = ["start", ...values.slice(2).map(() => "middle"), "end"];
  const line = points.map(({ x, y }) => `${x},${y.toFixed(1)}`).join(" ");
  const marks = points.map(
    ({ x, y, value, size }, place) =>
      `<circle cx="${x}" cy="${y.toFixed(1)}" r="3"/><text text-anchor="${anchors[place]}" x="${x}" y="${(y - 7).toFixed(1)}">${value.toFixed(2)} ms</text><text text-anchor="${anchors[place]}" x="${x}" y="${top + chart + 14}">${size.toLocaleString("en")}</text>`,
  );
  return `<text class="t" x="${left}" y="16">${escaped(label)}</text><polyline points="${line}"/>${marks.join("")}`;
}
