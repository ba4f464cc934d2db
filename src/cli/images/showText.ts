// The output of `breadbox show`: facts in, text out.
import { counted, showBytes } from "../../amounts.ts";
import type { PrintedComparison, PrintedImage } from "../../images/printed.ts";
import { table } from "../table.ts";
import { ageOf, shortDigest } from "./lists.ts";

/** Longest text of a column that nobody can shorten. */
const widest = 44;
const column = 14;

const line = (name: string, text: string | null): string[] =>
  text === null || text === "" ? [] : [`${name.padEnd(column)}${text}`];
const list = (name: string, texts: readonly string[]): string[] =>
  texts.flatMap((text, at) => line(at === 0 ? name : "", text));

/** An image, a chart or another artifact. @param now Unix ms. */
export function imageText(image: PrintedImage, now: number): string {
  const { name, digest, kind, tags, platforms, size_bytes: bytes, origin } = image;
  const by = image.pushed_by === null ? "" : ` by ${image.pushed_by}`;
  return [
    `${name}@${digest}`,
    ...line("What", kind === "helm" ? "Helm chart" : kind),
    ...line("Tags", tags.join(", ")),
    ...line("Platforms", platforms.join(", ")),
    ...line("Size", showBytes(bytes)),
    ...line("Pushed", `${ageOf(image.pushed_at, now)} ago${by}`),
    ...line("Pulled", image.pulled_at === null ? "never" : `${ageOf(image.pulled_at, now)} ago`),
    ...line(
      "From",
      origin && `${origin.repository ?? origin.issuer}@${origin.commit ?? origin.ref}`,
    ),
    ...line("About", image.subject),
    ...chartLines(image),
    ...configLines(image),
    ...list(
      "Annotations",
      Object.entries(image.annotations).map(([key, value]) => `${key}=${value}`),
    ),
    ...entryLines(image),
    ...layerLines(image),
    ...referrerLines(image),
  ].join("\n");
}

function chartLines({ chart }: PrintedImage): string[] {
  if (chart === null) return [];
  return [
    ...line("Chart", [chart.name, chart.version].filter((it) => it !== null).join(" ")),
    ...line("App version", chart.app_version),
    ...line("Description", chart.description),
    ...line("Home", chart.home),
    ...list("Maintainers", chart.maintainers),
    ...list("Dependencies", chart.dependencies),
  ];
}

function configLines({ image }: PrintedImage): string[] {
  if (image === null) return [];
  return [
    ...line("Built", image.created),
    ...line("Entrypoint", image.entrypoint.join(" ")),
    ...line("Command", image.command.join(" ")),
    ...line("User", image.user),
    ...line("Workdir", image.workdir),
    ...line("Ports", image.ports.join(", ")),
    ...list("Env", image.env),
    ...list(
      "Labels",
      Object.entries(image.labels).map(([key, value]) => `${key}=${value}`),
    ),
  ];
}

function entryLines({ entries }: PrintedImage): string[] {
  if (entries.length === 0) return [];
  const rows = entries.map(({ digest, platform, kind, size_bytes: bytes }) => [
    platform ?? "-",
    kind ?? "not stored",
    bytes === null ? "-" : showBytes(bytes),
    shortDigest(digest),
  ]);
  return ["", table([["PLATFORM", "WHAT", "SIZE", "DIGEST"], ...rows])];
}

function layerLines({ layers }: PrintedImage): string[] {
  if (layers.length === 0) return [];
  const rows = layers.map((layer) => [
    shortDigest(layer.digest),
    showBytes(layer.size_bytes),
    sharedBy(layer),
    short(layer.title ?? layer.command ?? layer.media_type),
  ]);
  return ["", table([["LAYER", "SIZE", "IN", "MADE BY"], ...rows])];
}

/** How many repositories hold it, this one among them. */
function sharedBy({
  repositories,
  other_repositories: others,
}: PrintedImage["layers"][number]): string {
  const known = repositories.length + (others ?? 0);
  return others === null ? `${known}+ repos` : counted(known, "repo");
}

function referrerLines({ referrers }: PrintedImage): string[] {
  if (referrers.length === 0) return [];
  const rows = referrers.map(({ kind, digest, size_bytes: bytes, artifact_type: type }) => [
    kind,
    showBytes(bytes),
    shortDigest(digest),
    short(type ?? ""),
  ]);
  return ["", table([["REFERRER", "SIZE", "DIGEST", "TYPE"], ...rows])];
}

/** What differs. */
export function comparisonText({ from, to, layers, config, ...sums }: PrintedComparison): string {
  const signs = { both: " ", from: "-", to: "+" } as const;
  const rows = layers.map((layer) => [
    signs[layer.in],
    shortDigest(layer.digest),
    showBytes(layer.size_bytes),
    short(layer.title ?? layer.command ?? layer.media_type),
  ]);
  return [
    ...line("-", `${from.name}@${from.digest}`),
    ...line("+", `${to.name}@${to.digest}`),
    ...line(
      "Layers",
      `${showBytes(sums.shared_bytes)} in both, ${showBytes(sums.removed_bytes)} removed, ${showBytes(sums.added_bytes)} added`,
    ),
    ...(rows.length === 0 ? [] : ["", table([["", "LAYER", "SIZE", "MADE BY"], ...rows])]),
    ...(config.length === 0 ? [] : [""]),
    ...config.flatMap((each) => [
      ...(each.from === null ? [] : [`- ${each.name}: ${each.from}`]),
      ...(each.to === null ? [] : [`+ ${each.name}: ${each.to}`]),
    ]),
  ].join("\n");
}

/** Of the shell commands of a build, the part that says something. */
function short(text: string): string {
  const plain = text.replace(/^\/bin\/sh -c (?:#\(nop\) +)?/, "").replaceAll(/\s+/g, " ");
  return plain.length > widest ? `${plain.slice(0, widest - 1)}…` : plain;
}
