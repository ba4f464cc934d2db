// The figures' names and units, and what Breadbox is held against: the rows of the tables.

import { boxFigures } from "./boxMetrics.ts";
import { gatewayFigures } from "./gatewayMetrics.ts";
import {
  atLeast,
  atMost,
  type Figure,
  type Goal,
  memory,
  own,
  page,
  peer,
  requests,
  seconds,
  throughput,
  time,
} from "./goals.ts";
import type { SectionName } from "./metrics.ts";
import { pageFigures } from "./pageMetrics.ts";
import { sessionFigures } from "./sessionMetrics.ts";
import { smallFigures } from "./smallMetrics.ts";

const transfers: Readonly<Record<string, Figure>> = {
  upload: { label: "1 GiB upload until durable", ...throughput, goal: atLeast(1.8, peer) },
  uploadCpu: { label: "its server CPU", unit: "s", decimals: 2, goal: atMost(0.7, peer) },
  uploadMemory: { label: "its peak memory above idle", ...memory, goal: atMost(64) },
  uploadChunked: { label: "the same without a Content-Length, as dockerd does", ...throughput },
  chunks: { label: "510 MiB in chunks of 5 MiB", ...throughput, goal: atLeast(1.6, peer) },
  closingSmall: { label: "closing PUT after 1 MiB", ...time },
  closingBig: {
    label: "closing PUT after 1 GiB",
    ...time,
    goal: atMost(2, { figure: "closingSmall" }),
  },
  small: { label: "1 MiB upload, POST + PATCH + PUT", ...time },
  put: { label: "256 MiB in the closing PUT", ...throughput },
  post: { label: "256 MiB in one POST", ...throughput },
  parallel: { label: "64 × 4 MiB at once", ...throughput, goal: atLeast(1.6, peer) },
  parallelCpu: { label: "its server CPU", unit: "s", decimals: 2 },
  parallelMemory: { label: "its peak memory above idle", ...memory, goal: atMost(64) },
  pull: { label: "1 GiB pull", ...throughput, goal: atLeast(0.85, "nginx") },
  pullCpu: { label: "its server CPU", unit: "s", decimals: 2 },
  pullMemory: { label: "its peak memory above idle", ...memory },
  pullTls: { label: "1 GiB pull with TLS", ...throughput, goal: atLeast(0.9, "nginx") },
  pullTlsCpu: { label: "its server CPU", unit: "s", decimals: 2 },
  pullTlsMemory: { label: "its peak memory above idle", ...memory },
  ready: { label: "ready after exec", unit: "ms", decimals: 1, goal: atMost(60) },
  idle: { label: "idle memory", ...memory, goal: atMost(56) },
  idleOwn: { label: "of it, not in files", ...memory },
};

const manifests: Readonly<Record<string, Figure>> = {
  manifestGet: {
    label: "manifest GET by tag, 16 connections",
    ...requests,
    goal: atLeast(4, peer),
  },
  manifestGetP99: { label: "its p99", ...time, goal: atMost(1, peer) },
  manifestHead: {
    label: "manifest HEAD by tag, 16 connections",
    ...requests,
    goal: atLeast(4, peer),
  },
  manifestHeadP99: { label: "its p99", ...time, goal: atMost(1, peer) },
  manifestPut: {
    label: "manifest PUT, new tag, 8 connections",
    ...requests,
    goal: atLeast(4, peer),
  },
  manifestPutP99: { label: "its p99", ...time },
  manifestPutFull: {
    label: "the same with 100,000 tags",
    ...requests,
    goal: own(0.9, "≥", "manifestPut"),
  },
  manifestPutFullP99: { label: "its p99", ...time },
  tagsFew: { label: "page of 100 tags, of 100", ...page },
  tagsFirst: {
    label: "page of 100 tags, the first of 1,000,000",
    ...page,
    goal: own(1.3, "≤", "tagsFew"),
  },
  tagsDeep: { label: "the same anywhere in the list", ...page, goal: own(1.3, "≤", "tagsFew") },
  catalogFew: { label: "page of 100 repositories, of 100", ...page },
  catalogFirst: {
    label: "page of 100 repositories, the first of 100,000",
    ...page,
    goal: own(1.3, "≤", "catalogFew"),
  },
  catalogDeep: {
    label: "the same anywhere in the catalog",
    ...page,
    goal: own(1.3, "≤", "catalogFew"),
  },
  referrersFew: { label: "page of 100 referrers, of 100", ...page },
  referrersFirst: {
    label: "page of 100 referrers, the first of 1,000,000",
    ...page,
    goal: own(1.3, "≤", "referrersFew"),
  },
  referrersDeep: {
    label: "the same anywhere in the list of referrers",
    ...page,
    goal: own(1.3, "≤", "referrersFew"),
  },
};

const cpu = { label: "its server CPU for each request", unit: "µs", decimals: 1 };

const access: Readonly<Record<string, Figure>> = {
  accessOpen: { label: "manifest GET without a login", ...requests },
  accessOpenCpu: cpu,
  accessBearer: {
    label: "the same with Bearer, 10 users",
    ...requests,
    goal: own(0.85, "≥", "accessOpen"),
  },
  accessBearerCpu: cpu,
  accessBasic: {
    label: "the same with Basic, 10 users",
    ...requests,
    goal: own(0.7, "≥", "accessOpen"),
  },
  accessBasicCpu: cpu,
  accessBearerMany: {
    label: "with Bearer, 10,000 users and 100,000 rules",
    ...requests,
    goal: own(0.83, "≥", "accessBearer"),
  },
  accessBearerManyCpu: cpu,
  accessBasicMany: {
    label: "with Basic, 10,000 users and 100,000 rules",
    ...requests,
    goal: own(0.83, "≥", "accessBasic"),
  },
  accessBasicManyCpu: cpu,
  loginsQuiet: { label: "p99 of manifest GETs with Bearer", ...time },
  loginsOne: {
    label: "p99 with 500 wrong logins a second from one address",
    ...time,
    goal: own(2, "≤", "loginsQuiet"),
  },
  loginsMany: {
    label: "p99 with 500 wrong logins a second from 500 addresses",
    ...time,
    goal: own(2, "≤", "loginsQuiet"),
  },
  seenAll: { label: "page of 100 of 100,000 repositories, all visible", ...page },
  seenFew: {
    label: "the same, 200 visible by a rule each",
    ...page,
  },
  seenNone: { label: "none visible: allow **, deny bench/**", ...page },
  seenWild: { label: "100 visible by */r*000: every name is read", ...page },
};

const collection: Readonly<Record<string, Figure>> = {
  gc: { label: "gc: 20,000 orphans among 40,000 blobs", ...seconds, goal: atMost(2) },
  gcDryRun: { label: "gc: dry run of the same", ...seconds, goal: atMost(1) },
  gcQuietP99: { label: "p99 of manifest GETs before", ...time },
  gcP99: {
    label: "p99 of manifest GETs during the collection",
    ...time,
    goal: own(1.5, "≤", "gcQuietP99"),
  },
  importLink: {
    label: "import: 100,000 tags and 10 GiB by hard link",
    ...seconds,
    goal: atMost(60),
  },
  importCpu: { label: "its CPU", ...seconds },
  gcMark: { label: "gc: 1,000,000 references marked, dry run", ...seconds, goal: atMost(5) },
  gcMarkMemory: {
    label: "its memory above a run with nothing to do",
    ...memory,
    goal: atMost(64),
  },
};

const slowDisk: Readonly<Record<string, Figure>> = {
  warmPulls: { label: "eight pulls at once, from memory", ...throughput },
  coldPulls: { label: "the same from a disk of 100 MB/s", ...throughput },
  quietP99: { label: "p99 of GET /v2/ without them", ...time },
  coldP99: {
    label: "p99 of GET /v2/ during the cold ones",
    ...time,
    goal: own(3, "≤", "quietP99"),
  },
  coldMemory: { label: "memory that they cost", ...memory, goal: atMost(64) },
  turning: {
    label: "1 MiB upload, POST + PATCH + PUT, disk of 100 operations a second",
    ...time,
    goal: atMost(1, peer),
  },
  turningP99: { label: "p99 of GET /v2/ meanwhile", ...time, goal: atMost(1, peer) },
};

const objects: Readonly<Record<string, Figure>> = {
  multipartDisk: { label: "plain write of 10 GiB with fsync", ...throughput },
  multipartHash: { label: "SHA-256, one thread", ...throughput },
  multipartFloor: { label: "the lower of the two", ...throughput },
  multipart: {
    label: "10 GiB object in 128 MiB parts, 4 at a time",
    ...throughput,
    goal: own(0.7, "≥", "multipartFloor"),
  },
  multipartParts: { label: "its parts, from initiate to the last answer", unit: "s", decimals: 2 },
  multipartComplete: { label: "its complete", ...seconds, goal: own(0.1, "≤", "multipartParts") },
  multipartCpu: { label: "its server CPU", unit: "s", decimals: 2 },
  multipartMemory: { label: "its peak memory above idle", ...memory, goal: atMost(64) },
  tinyParts: { label: "10,000 parts of 1 KiB, 8 at a time", unit: "parts/s", decimals: 0 },
  tinyComplete: { label: "their complete", ...seconds, goal: atMost(3) },
  objectPut: { label: "4 KiB object PUT, new name and bytes, 8 connections", ...requests },
  objectPutP99: { label: "its p99", ...time },
  objectGet: { label: "4 KiB object GET, 16 connections", ...requests },
  objectGetP99: { label: "its p99", ...time },
};

const noLess = (value: number): Goal => ({ relation: "≥", value });
const onPostgres = (goal: Goal): Goal => ({ ...goal, by: "postgres" });

const replicas: Readonly<Record<string, Figure>> = {
  replicaGet: {
    label: "manifest GET by tag, 32 connections",
    ...requests,
    goal: onPostgres(atLeast(4, peer)),
  },
  replicaGetP99: { label: "its p99", ...time, goal: onPostgres(atMost(1, peer)) },
  replicaHead: {
    label: "manifest HEAD by tag, 32 connections",
    ...requests,
    goal: onPostgres(atLeast(4, peer)),
  },
  replicaHeadP99: { label: "its p99", ...time, goal: onPostgres(atMost(1, peer)) },
  replicaPut: {
    label: "manifest PUT, new tag, 32 connections, one repository",
    ...requests,
    goal: onPostgres(atLeast(2, peer)),
  },
  replicaPutP99: { label: "its p99", ...time, goal: onPostgres(atMost(1, peer)) },
  replicaPutMany: {
    label: "the same into 32 repositories",
    ...requests,
    goal: onPostgres(atLeast(2, peer)),
  },
  replicaPutManyP99: { label: "its p99", ...time, goal: onPostgres(atMost(1, peer)) },
  replicaBearer: { label: "manifest GET with a bearer token, 32 connections", ...requests },
  replicaBasic: { label: "the same with Basic", ...requests },
  replicaGcDryRun: { label: "gc: 1,000,000 blobs, 1,000 orphans, dry run", ...seconds },
  replicaGc: { label: "the same, deleted", ...seconds, goal: onPostgres(atMost(5)) },
  filesUploadCpu: { label: "1 GiB upload to files: server CPU", ...seconds },
  bucketUploadCpu: {
    label: "the same to a bucket",
    ...seconds,
    goal: own(1.6, "≤", "filesUploadCpu"),
  },
  bucketUploadMemory: { label: "its peak memory above idle", ...memory, goal: atMost(160) },
  bucketFrozenMemory: { label: "the same with S3 frozen for 6 s", ...memory, goal: atMost(160) },
  bucketClosingSmall: { label: "closing PUT on the other replica after 64 MiB", ...time },
  bucketClosing: { label: "the same after 1 GiB", ...time, goal: atMost(150) },
  replicasGet: {
    label: "manifest GETs of two replicas for the CPU of twice one",
    ...{ unit: "×", decimals: 2 },
    goal: noLess(1.6),
  },
  replicasPut: {
    label: "manifest PUTs of two replicas for the CPU of twice one",
    ...{ unit: "×", decimals: 2 },
    goal: noLess(1.6),
  },
};

/** The tables' rows in their order; the keys are those that the metrics yield. */
export const figures: Readonly<Record<SectionName, Readonly<Record<string, Figure>>>> = {
  transfers,
  small: smallFigures,
  manifests,
  access,
  collection,
  objects,
  buckets: gatewayFigures,
  slowDisk,
  box: boxFigures,
  pages: pageFigures,
  replicas,
  sessions: sessionFigures,
};
