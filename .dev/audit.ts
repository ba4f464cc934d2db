// `npm run audit`: what can be wrong with the packages that this project uses. Exact versions, hashes of the lock file, install scripts,
// licenses of what is inside the executable, and advisories. `-- --offline` leaves the advisories out, which need the registry.
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { allowedLicenses, packagesOf } from "./bom/allowed.ts";
import { findContents, readLock } from "./bom/contents.ts";
import { flag, readOptions } from "./options.ts";

const root = join(import.meta.dir, "..");

/** Versions in package.json that are not exact. */
export function looseVersions(dependencies: Readonly<Record<string, string>>): readonly string[] {
  const exact = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
  const loose = Object.entries(dependencies).filter(([, version]) => !exact.test(version));
  return loose.map(([name, version]) => `${name} is asked for as ${version}: pin it`);
}

/** Packages of the lock file that are not from the registry with a hash. */
export function unhashed(
  packages: Readonly<Record<string, readonly unknown[]>>,
): readonly string[] {
  const bad = Object.entries(packages).filter(
    ([, [, , , hash]]) => typeof hash !== "string" || !hash.startsWith("sha512-"),
  );
  return bad.map(([key]) => `${key} has no SHA-512 in bun.lock`);
}

/** @returns what is wrong, of everything that needs no network. */
export async function auditOffline(): Promise<readonly string[]> {
  const { packages } = await readLock();
  const contents = packagesOf(await findContents());
  const licences = contents.filter(({ licence }) => !allowedLicenses.includes(licence));
  const trusted: readonly string[] = manifest.trustedDependencies;
  return [
    ...looseVersions({ ...manifest.dependencies, ...manifest.devDependencies }),
    ...unhashed(packages),
    ...licences.map(({ name, licence }) => `${name} is inside under ${licence}`),
    ...trusted.map((name) => `${name} may run scripts when it is installed`),
  ];
}

/** What package.json asks for, the lock file has: nothing else is installed. */
async function isLocked(): Promise<boolean> {
  const install = Bun.spawn([process.execPath, "install", "--frozen-lockfile", "--dry-run"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return (await install.exited) === 0;
}

/** Asks the registry, by the package manager. @returns false as well when it does not answer: then nothing is known. */
async function hasNoAdvisory(): Promise<boolean> {
  const audit = Bun.spawn([process.execPath, "audit"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return (await audit.exited) === 0;
}

async function main(isOffline: boolean): Promise<void> {
  const problems = [...(await auditOffline())];
  if (!(await isLocked())) problems.push("bun.lock does not fit package.json");
  if (!isOffline && !(await hasNoAdvisory()))
    problems.push("there are advisories, or the registry did not answer (see above)");
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "audit: nothing found" : `audit: ${problems.length} found`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  const { values } = readOptions({
    name: "npm run audit",
    about: "Checks the packages that this project uses. Ends with 1 when anything is wrong.",
    options: { offline: flag("leaves out the advisories, which need the registry of packages") },
  });
  await main(values.offline);
}
