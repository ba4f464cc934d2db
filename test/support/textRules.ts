// Rules about the words, the size and the versions in our files, and the judges that name whoever breaks one. Pure, as houseRules.ts.

/** Rooms that are given ports, and files that wire them: what they know of stored bytes are digests, locators and ids. */
const pathless = new RegExp(
  [
    "^(?:model|content|registry|images|uploads|objects|clock|gc|fsck|jobs|workers|telemetry|metadata/rows)/",
    "^(?:wiring|tool|background|backend|reports|front|opened)\\.ts$",
  ].join("|"),
);

/** @returns words for places of files in the code of a room that knows none; `file` is relative to `src/`. */
export function pathObjections(file: string, source: string): string[] {
  if (!pathless.test(file)) return [];
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, "");
  const words = code.match(/\b(?:\w*[pP]ath|[dD]irectory|[fF]older)s?\b/g) ?? [];
  return [...new Set(words)].map(
    (word) => `src/${file} has ${word}: only storage/ knows where bytes are`,
  );
}

const longestFile = 300;

/** @returns the rules of size and name that a file breaks; `file` is relative to the project. */
export function fileObjections(file: string, text: string): string[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  const found: string[] = [];
  if (lines > longestFile) found.push(`${file} has ${lines} lines: more than ${longestFile}`);
  if (/(?:^|\/)index\.[jt]sx?$/.test(file)) found.push(`${file}: no barrels`);
  return found;
}

/** Places that exist on one machine only, and hosts that a package client chooses by its own configuration. */
const foreignPlaces = [
  /(?<![\w.])\/(?:work|root|Users)\/[\w.]/,
  /(?<![\w.])\/home\/[\w.]/,
  /\b(?:registry\.(?:npmjs|yarnpkg)|deb\.debian|pypi|proxy\.golang|unpkg|cdn\.jsdelivr)\.(?:org|com|net)\b/,
];

/** @returns the places in a text that do not belong into a public source tree. */
export function placeObjections(file: string, text: string): string[] {
  return foreignPlaces.flatMap((pattern) => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [`${file} names ${found}`];
  });
}

/** @returns the dependencies that are not pinned to one version. */
export function versionObjections(dependencies: Readonly<Record<string, string>>): string[] {
  return Object.entries(dependencies)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} ${version} is not one exact version`);
}
