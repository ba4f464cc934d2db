// kill -9 in the middle of pushes, again and again on the same data: nothing that was acknowledged is lost or damaged,
// and the next start needs no help.
import { expect, test } from "bun:test";
import type { RunningRegistry } from "../support/binary.ts";
import { randomNumbers } from "../support/bytes.ts";
import { damagedFiles } from "../support/dataFolder.ts";
import {
  buildImage,
  type Image,
  pullAll,
  pullBlob,
  pushBlob,
  pushImage,
  pushManifest,
} from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { Scope } from "../support/scope.ts";
import { amountOf } from "../support/share.ts";
import { startRegistry } from "../support/startRegistry.ts";

const rounds = amountOf("BREADBOX_CRASH_ROUNDS", { share: 6, whole: 24 });
const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const imagesAtOnce = 3;

/** What the registry has answered 201 to. */
interface Acknowledged {
  readonly blobs: Map<string, string>;
  readonly tags: Map<string, string>;
}

const repositoryOf = ({ url }: RunningRegistry, lane: number): string =>
  `${url}/v2/crash/lane-${lane}`;

const imagesOf = (round: number | string): Image[] =>
  Array.from({ length: imagesAtOnce }, (_, lane) =>
    buildImage({ seed: `${seed}/${round}/${lane}`, layerSizes: [6_000_000, 900_000, 20_000] }),
  );

/** Pushes until the registry dies, and notes each 201. */
async function pushNoting(
  repository: string,
  { tag, image, noted }: { tag: string; image: Image; noted: Acknowledged },
): Promise<void> {
  for (const blob of image.blobs) {
    await pushBlob(repository, blob);
    noted.blobs.set(`${repository} ${blob.digest}`, blob.digest);
  }
  await pushManifest(repository, tag, image.manifest);
  noted.tags.set(`${repository} ${tag}`, image.manifest.digest);
}

async function expectAllThere({ blobs, tags }: Acknowledged): Promise<void> {
  for (const place of blobs.keys()) {
    const [repository = "", digest = ""] = place.split(" ");
    await pullBlob(repository, digest);
  }
  for (const [place, digest] of tags) {
    const [repository = "", tag = ""] = place.split(" ");
    expect((await pullAll(repository, tag)).digest).toBe(digest);
  }
}

/** How long the pushes of one round take when nobody is killed, ms: the span to choose the moment from. */
async function spanOfPushes(registry: RunningRegistry): Promise<number> {
  const images = imagesOf("span");
  const started = performance.now();
  await Promise.all(
    images.map((image, lane) => pushImage(repositoryOf(registry, lane), "span", image)),
  );
  return performance.now() - started;
}

/** Pushes the images of a round and kills the registry at a random moment meanwhile. */
async function killDuringPushes(
  registry: RunningRegistry,
  { images, tag, afterMs }: { images: readonly Image[]; tag: string; afterMs: number },
): Promise<{ noted: Acknowledged; cutShort: number }> {
  const noted: Acknowledged = { blobs: new Map(), tags: new Map() };
  const pushes = Promise.allSettled(
    images.map((image, lane) => pushNoting(repositoryOf(registry, lane), { tag, image, noted })),
  );
  await Bun.sleep(afterMs);
  await registry.kill9();
  const cutShort = (await pushes).filter(({ status }) => status === "rejected").length;
  return { noted, cutShort };
}

test("every acknowledged write is whole after kill -9 and a restart", async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  await using scope = new Scope();
  const random = randomNumbers(seed);
  let registry = await startRegistry(scope);
  const spanMs = await spanOfPushes(registry);
  const allNoted: Acknowledged[] = [];
  let cutShort = 0;

  for (let round = 0; round < rounds; round++) {
    const tag = `round-${round}`;
    const images = imagesOf(round);
    const killed = await killDuringPushes(registry, { images, tag, afterMs: random() * spanMs });
    cutShort += killed.cutShort;
    allNoted.push(killed.noted);

    registry = await startRegistry(scope, { data: registry.data, port: registry.port });
    expect(await damagedFiles(registry.data)).toEqual([]);
    expect(await problemsOf(registry.data)).toEqual([]);
    await expectAllThere(killed.noted);
    for (const [lane, image] of images.entries()) {
      await pushNoting(repositoryOf(registry, lane), { tag, image, noted: killed.noted });
    }
  }

  // A run that cut no push short proves nothing.
  expect(cutShort).toBeGreaterThan(0);
  for (const noted of allNoted) await expectAllThere(noted);
  expect(await damagedFiles(registry.data)).toEqual([]);
  expect(await problemsOf(registry.data)).toEqual([]);
}, 300_000);
