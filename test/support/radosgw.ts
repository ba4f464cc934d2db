// radosgw: Ceph's S3 server, over a cluster of one monitor and one store in memory, all of it in a temporary folder.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort, run, startProcess, tempFolder, waitFor } from "./processes.ts";
import { answersHttp, localBucket, type S3Server } from "./s3Server.ts";
import type { Scope } from "./scope.ts";

/** What a test with it needs: packages of Debian, and root, as which alone its programs start here. */
export const radosgwNeeds = {
  commands: ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph-authtool", "monmaptool"],
  root: true,
};

/** Bytes that the store in memory takes at most. */
const storeBytes = 8 * 1024 ** 3;

interface Cluster {
  readonly folder: string;
  readonly fsid: string;
  readonly address: string;
  readonly port: number;
}

const configOf = ({ folder, fsid, address, port }: Cluster) => `[global]
fsid = ${fsid}
mon host = ${address}
public network = 127.0.0.0/8
keyring = ${folder}/keyring
run dir = ${folder}/run
admin socket = ${folder}/run/$name.$pid.asok
pid file = ${folder}/run/$name.pid
log file = ${folder}/$name.log
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon max pg per osd = 2000
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = ${storeBytes}
auth allow insecure global id reclaim = true
mon data avail crit = 1
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw data = ${folder}/run
rgw thread pool size = 64
rgw gc obj min wait = 5
rgw gc processor period = 10
`;

/** Starts the cluster, which takes some ten seconds, and makes a bucket. */
export async function startRadosgw(scope: Scope): Promise<S3Server> {
  const folder = tempFolder(scope, "ceph");
  const [port, mon, mon1] = [freePort(), freePort(), freePort()];
  const address = `[v2:127.0.0.1:${mon},v1:127.0.0.1:${mon1}]`;
  const cluster = { folder, fsid: crypto.randomUUID(), address, port };
  for (const name of ["mon", "osd", "run"]) mkdirSync(join(folder, name));
  const config = join(folder, "ceph.conf");
  writeFileSync(config, configOf(cluster));
  await startStore(scope, cluster, config);
  const gateway = ["radosgw", "-c", config, "-n", "client.rgw", "-f"];
  const start = async () => {
    const process = startProcess(scope, gateway, { log: join(folder, "radosgw") });
    const patience = { timeoutMs: 60_000, explain: process.logs };
    await waitFor("radosgw", () => answersHttp(port), patience);
    return process;
  };
  let current = await start();
  const bucket = localBucket(port);
  await makeBucket(config, bucket);
  const restart = async () => {
    current = await start();
  };
  return { name: "radosgw", bucket, process: () => current, restart };
}

async function startStore(scope: Scope, { folder, fsid, address }: Cluster, config: string) {
  const [keyring, map] = [join(folder, "keyring"), join(folder, "monmap")];
  const ceph = (...command: string[]) => run(command, { timeoutMs: 60_000 });
  await ceph("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, map);
  const all = ["--cap", "mon", "allow *"];
  await ceph("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", ...all);
  const more = [...all, "--cap", "osd", "allow *", "--cap", "mgr", "allow *"];
  for (const name of ["client.admin", "client.rgw", "osd.0"]) {
    await ceph("ceph-authtool", keyring, "--gen-key", "-n", name, ...more);
  }
  const monitor = ["ceph-mon", "-c", config, "-i", "a"];
  await ceph(...monitor, "--mkfs", "--monmap", map, "--keyring", keyring);
  startProcess(scope, [...monitor, "-f"], { log: join(folder, "ceph-mon") });
  const id = crypto.randomUUID();
  await ceph("ceph", "-c", config, "--connect-timeout", "30", "osd", "new", id, "0");
  const store = ["ceph-osd", "-c", config, "-i", "0"];
  await ceph(...store, "--mkfs", "--osd-uuid", id);
  startProcess(scope, [...store, "-f"], { log: join(folder, "ceph-osd") });
}

/** The first requests make the pools, and take seconds. */
async function makeBucket(config: string, options: S3Server["bucket"]): Promise<void> {
  const { accessKeyId = "", secretAccessKey = "" } = options.credentials ?? {};
  await run(
    [
      ...["radosgw-admin", "-c", config, "-n", "client.rgw", "user", "create", "--uid=breadbox"],
      ...["--display-name=breadbox", `--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`],
    ],
    { timeoutMs: 60_000 },
  );
  const { endpoint, region } = options;
  const client = new S3Client({
    ...{ endpoint: endpoint ?? "", region, forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
  });
  await client.send(new CreateBucketCommand({ Bucket: options.bucket }));
  client.destroy();
}
