// Every operation's documentation. The type asks for each one: an operation without it does not compile.
import type { DocumentDecoration } from "elysia";
import type { AppRoute } from "../app.ts";
import type { OperationId } from "../operations.ts";
import { getBlob, headBlob } from "./blobs.ts";
import {
  createBucket,
  deleteBucket,
  getBucket,
  headBucket,
  headBuckets,
  listBuckets,
} from "./buckets.ts";
import { deleteBlob, deleteManifest } from "./deletions.ts";
import { getGcRun, headGcRun, headGcRuns, listGcRuns, startGc } from "./gc.ts";
import {
  checkApi,
  headApi,
  headRepositories,
  headTags,
  listRepositories,
  listTags,
} from "./lists.ts";
import { getManifest, headManifest, putManifest } from "./manifests.ts";
import {
  abortMultipartUpload,
  getMultipartUpload,
  headMultipartUpload,
  headMultipartUploads,
  initiateMultipartUpload,
  listMultipartUploads,
} from "./multipart.ts";
import {
  deleteObject,
  getObject,
  headObject,
  headObjects,
  listObjects,
  putObject,
} from "./objects.ts";
import { completeMultipartUpload, headParts, listParts, putPart } from "./parts.ts";
import { headReferrers, listReferrers } from "./referrers.ts";
import {
  getApiDocument,
  getExplorer,
  getHealth,
  getMetrics,
  getReadiness,
  headApiDocument,
  headExplorer,
  headHealth,
  headMetrics,
  headReadiness,
} from "./server.ts";
import type { Documentation } from "./types.ts";
import {
  appendUpload,
  cancelUpload,
  finishUpload,
  getUpload,
  headUpload,
  startUpload,
} from "./uploads.ts";

/** What only the explorer's page asks for: no part of the API. */
type Hidden = `${"get" | "head"}${"ExplorerRedirect" | "ExplorerScript" | "TryItScript"}`;

const documentation: Readonly<Record<Exclude<OperationId, Hidden>, Documentation>> = {
  checkApi,
  headApi,
  listRepositories,
  headRepositories,
  getManifest,
  headManifest,
  putManifest,
  deleteManifest,
  listTags,
  headTags,
  listReferrers,
  headReferrers,
  getBlob,
  headBlob,
  deleteBlob,
  startUpload,
  getUpload,
  headUpload,
  appendUpload,
  finishUpload,
  cancelUpload,
  listBuckets,
  headBuckets,
  createBucket,
  getBucket,
  headBucket,
  deleteBucket,
  listObjects,
  headObjects,
  getObject,
  headObject,
  putObject,
  deleteObject,
  listMultipartUploads,
  headMultipartUploads,
  initiateMultipartUpload,
  getMultipartUpload,
  headMultipartUpload,
  abortMultipartUpload,
  listParts,
  headParts,
  putPart,
  completeMultipartUpload,
  startGc,
  listGcRuns,
  headGcRuns,
  getGcRun,
  headGcRun,
  getHealth,
  headHealth,
  getReadiness,
  headReadiness,
  getMetrics,
  headMetrics,
  getExplorer,
  headExplorer,
  getApiDocument,
  headApiDocument,
};

/** All that is said of a route, for the plugin. @throws Error when nothing is. */
export function documentationOf({
  operationId,
  summary,
  tags,
  hide,
}: AppRoute): DocumentDecoration {
  if (hide === true) return { hide };
  if (operationId === undefined || !isDocumented(operationId)) {
    throw new Error(`${operationId} is not documented`);
  }
  const { parameters = [], ...said } = documentation[operationId];
  return {
    operationId,
    ...(summary !== undefined && { summary }),
    tags: [...(tags ?? [])],
    ...said,
    parameters: [...parameters],
  };
}

function isDocumented(id: string): id is keyof typeof documentation {
  return Object.hasOwn(documentation, id);
}
