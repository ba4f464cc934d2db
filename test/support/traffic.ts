// What went over the line while a client did something, from the registry's own metrics: whether it sent bytes or mounted.
import type { RunningRegistry } from "./binary.ts";

/** What a registry has counted. */
export interface Traffic {
  /** Blobs that were mounted instead of uploaded. */
  readonly mounts: number;
  /** Bytes of request bodies: blobs and manifests. */
  readonly receivedBytes: number;
  /** Bytes of blobs in answers. */
  readonly sentBytes: number;
}

async function readTraffic({ origins }: RunningRegistry): Promise<Traffic> {
  const each = await Promise.all(origins.map(readTrafficOf));
  const sum = (of: (traffic: Traffic) => number) =>
    each.reduce((total, traffic) => total + of(traffic), 0);
  return {
    mounts: sum(({ mounts }) => mounts),
    receivedBytes: sum(({ receivedBytes }) => receivedBytes),
    sentBytes: sum(({ sentBytes }) => sentBytes),
  };
}

async function readTrafficOf(url: string): Promise<Traffic> {
  const text = await (await fetch(`${url}/metrics`, { keepalive: false })).text();
  const read = (name: string): number => {
    const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`the registry has no metric ${name}`);
    return Number(value);
  };
  return {
    mounts: read("breadbox_mounts_total"),
    receivedBytes: read("breadbox_received_bytes_total"),
    sentBytes: read("breadbox_blob_sent_bytes_total"),
  };
}

/** Runs `act`. @returns what the registry counted meanwhile. */
export async function trafficDuring(
  registry: RunningRegistry,
  act: () => Promise<unknown>,
): Promise<Traffic> {
  const before = await readTraffic(registry);
  await act();
  const after = await readTraffic(registry);
  return {
    mounts: after.mounts - before.mounts,
    receivedBytes: after.receivedBytes - before.receivedBytes,
    sentBytes: after.sentBytes - before.sentBytes,
  };
}
