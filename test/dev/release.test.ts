// Release files can be checked with the tools that people have, and a wrong one is noticed.
import { expect } from "bun:test";
import { join } from "node:path";
import { signatureNamespace, signSums, writeSums } from "../../.dev/release.ts";
import { clientTest } from "../support/clientTest.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** Two files with their sums, signed by a new key, and the file that names whose key counts. */
async function released(scope: Scope) {
  const folder = tempFolder(scope, "release");
  await Bun.write(join(folder, "breadbox-1"), "one");
  await Bun.write(join(folder, "breadbox-2"), "two");
  await writeSums(folder, ["breadbox-1", "breadbox-2"]);
  const key = join(folder, "key");
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  const publicKey = await Bun.file(`${key}.pub`).text();
  await Bun.write(join(folder, "allowed_signers"), `releases ${publicKey}`);
  return { folder, key };
}

/** As docs/SECURITY.md says. @returns the exit code. */
async function verify(folder: string, namespace = signatureNamespace): Promise<number> {
  const command = `ssh-keygen -Y verify -f allowed_signers -I releases -n ${namespace} -s SHA256SUMS.sig < SHA256SUMS`;
  const child = Bun.spawn(["sh", "-c", command], {
    cwd: folder,
    stdio: ["ignore", "ignore", "ignore"],
  });
  return await child.exited;
}

clientTest(
  "sums of a release name each file, and notice a change",
  { commands: ["sha256sum"] },
  async (scope) => {
    const folder = tempFolder(scope, "sums");
    await Bun.write(join(folder, "breadbox-1"), "one");
    await writeSums(folder, ["breadbox-1"]);
    const check = () =>
      Bun.spawn(["sha256sum", "--check", "--quiet", "SHA256SUMS"], {
        cwd: folder,
        stdio: ["ignore", "ignore", "ignore"],
      }).exited;
    expect(await check()).toBe(0);
    await Bun.write(join(folder, "breadbox-1"), "eno");
    expect(await check()).not.toBe(0);
  },
);

clientTest(
  "the signature of a release is good for its sums only",
  { commands: ["ssh-keygen"] },
  async (scope) => {
    const { folder, key } = await released(scope);
    await signSums(folder, key);
    expect(await verify(folder)).toBe(0);
    expect(await verify(folder, "file")).not.toBe(0);
    await Bun.write(join(folder, "SHA256SUMS"), "0  breadbox-1\n");
    expect(await verify(folder)).not.toBe(0);
  },
);

clientTest("a signature by another key is refused", { commands: ["ssh-keygen"] }, async (scope) => {
  const { folder } = await released(scope);
  const other = await released(scope);
  await signSums(folder, other.key);
  expect(await verify(folder)).not.toBe(0);
});

clientTest(
  "a key that is not there is an error, and leaves no signature",
  { commands: ["ssh-keygen"] },
  async (scope) => {
    const { folder, key } = await released(scope);
    await signSums(folder, key);
    await expect(signSums(folder, join(folder, "no-such-key"))).rejects.toThrow(
      "SHA256SUMS is not signed",
    );
    expect(await Bun.file(join(folder, "SHA256SUMS.sig")).exists()).toBe(false);
  },
);
