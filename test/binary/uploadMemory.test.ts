// Memory of the executable while many clients upload at once, each as fast as it can.
import { expect } from "bun:test";
import { randomBytes } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { Connection } from "../support/connection.ts";
import { prepareUpload, uploadInPut } from "../support/rawUploads.ts";
import { startRegistry } from "../support/startRegistry.ts";

const MiB = 2 ** 20;
const uploads = 64;
const block = randomBytes("upload memory", MiB);
const content = (seed: string, size: number) => prepareUpload(randomBytes(seed, 32), block, size);

clientTest(
  `${uploads} uploads of 4 MiB at once take at most 64 MiB more than one that is over`,
  { commands: [], timeoutMs: 240_000 },
  async (scope) => {
    const registry = await startRegistry(scope);
    const connect = async () => {
      const connection = await Connection.open(registry.port);
      scope.defer(() => connection.close());
      return connection;
    };
    // What runs once is not theirs.
    await uploadInPut(await connect(), "team/many", content("first", 2 * MiB));
    const blobs = Array.from({ length: uploads }, (_, at) => content(`many/${at}`, 4 * MiB));
    const lanes = await Promise.all(
      blobs.map(async (blob) => ({ blob, connection: await connect() })),
    );
    const idle = registry.rssBytes();
    registry.resetPeakRss();

    await Promise.all(
      lanes.map(({ connection, blob }) => uploadInPut(connection, "team/many", blob)),
    );

    expect((registry.peakRssBytes() - idle) / MiB).toBeLessThanOrEqual(64);
  },
);
