// `npm run release`: everything that is released, in `dist/`: an executable for each platform, the bill of materials, the notice,
// SHA256SUMS, and its signature by the key that BREADBOX_RELEASE_KEY names.
import { join } from "node:path";
import { compile, platforms } from "../build.ts";
import manifest from "../package.json" with { type: "json" };
import { contentAssets, prepareAssets } from "./assets.ts";
import { readOptions } from "./options.ts";

/** What a signature is for, so that one for another purpose is no signature of a release. */
export const signatureNamespace = "breadbox-release";

/** Writes `SHA256SUMS` of files in `folder`, as `sha256sum --check` reads it. */
export async function writeSums(folder: string, names: readonly string[]): Promise<void> {
  const lines = names.map(async (name) => {
    const digest = new Bun.CryptoHasher("sha256");
    for await (const chunk of Bun.file(join(folder, name)).stream()) digest.update(chunk);
    return `${digest.digest("hex")}  ${name}\n`;
  });
  await Bun.write(join(folder, "SHA256SUMS"), (await Promise.all(lines)).join(""));
}

/**
 * Writes `SHA256SUMS.sig`: a signature that everybody with OpenSSH 8.1 can check.
 * @param key file of a private key, or of a public one whose private key an agent has.
 * @throws Error with what ssh-keygen says.
 */
export async function signSums(folder: string, key: string): Promise<void> {
  await Bun.file(join(folder, "SHA256SUMS.sig"))
    .delete()
    .catch(() => {});
  const command = ["ssh-keygen", "-Y", "sign", "-f", key, "-n", signatureNamespace, "SHA256SUMS"];
  const child = Bun.spawn(command, { cwd: folder, stdio: ["inherit", "ignore", "pipe"] });
  const [said, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`SHA256SUMS is not signed: ${said.trim()}`);
}

async function release(): Promise<void> {
  const folder = join(import.meta.dir, "..", "dist");
  const base = `${manifest.name}-${manifest.version}`;
  await prepareAssets();
  const names: string[] = [];
  for (const platform of platforms) {
    const name = `${base}-${platform}`;
    await compile(platform, join(folder, name));
    names.push(name);
    console.log(`dist/${name}`);
  }
  for (const [name, packed] of [
    [`${base}.cdx.json`, contentAssets.sbom],
    [`${base}-licenses.txt`, contentAssets.notice],
  ] as const) {
    await Bun.write(join(folder, name), Bun.gunzipSync(await Bun.file(packed).bytes()));
    names.push(name);
    console.log(`dist/${name}`);
  }
  await writeSums(folder, names);
  console.log("dist/SHA256SUMS");
  const key = process.env["BREADBOX_RELEASE_KEY"];
  if (key === undefined) {
    await Bun.file(join(folder, "SHA256SUMS.sig"))
      .delete()
      .catch(() => {});
    console.log("not signed: set BREADBOX_RELEASE_KEY to the file of an SSH key");
    return;
  }
  await signSums(folder, key);
  console.log("dist/SHA256SUMS.sig");
}

if (import.meta.main) {
  readOptions({
    name: "npm run release",
    about:
      "Makes everything that is released, in dist/. BREADBOX_RELEASE_KEY names the key that signs it.",
    options: {},
  });
  await release();
}
