// Pulls of a race: every byte of an image is hashed. What is missing counts as lost unless its owner has begun to delete it.
import type { Client } from "./client.ts";
import type { Ledger, LiveImage } from "./ledger.ts";

/** What pulling works with. */
export interface PullDeps {
  readonly client: Client;
  readonly ledger: Ledger;
}

/** Pulls a manifest and all that it names, by digest, as its owner or as anybody else. */
export async function pullImage({ client, ledger }: PullDeps, image: LiveImage): Promise<void> {
  const path = `/v2/${image.repository}`;
  const expect = async (what: string, digest: string): Promise<boolean> => {
    const answer = await client.ask("GET", what);
    if (answer.status === 200 && answer.digest === digest) return true;
    if (answer.status === 200) ledger.note("lost", `${what}: the bytes are ${answer.digest}`);
    else if (!image.doomed) ledger.note("lost", `${what}: ${answer.status} ${answer.text}`);
    return false;
  };
  if (!(await expect(`${path}/manifests/${image.manifest.digest}`, image.manifest.digest))) return;
  ledger.counts.pulls += 1;
  for (const { digest } of image.blobs) {
    if (await expect(`${path}/blobs/${digest}`, digest)) ledger.counts.pulledBlobs += 1;
  }
}

/** Pulls whatever anybody has, until `isOver`. @param random in [0, 1). */
export async function pullUntil(
  deps: PullDeps & { readonly random: () => number; readonly restMs: number },
  isOver: () => boolean,
): Promise<void> {
  const { ledger, random, restMs } = deps;
  while (!isOver()) {
    const images = [...ledger.live];
    const image = images[Math.floor(random() * images.length)];
    if (image !== undefined) await pullImage(deps, image);
    await Bun.sleep(1 + random() * restMs * 4);
  }
}
