// What the explorer says of buckets.
import type { Documentation } from "./types.ts";

export const listBuckets: Documentation = { description: "", responses: {} };
export const headBuckets: Documentation = { description: "", responses: {} };
export const createBucket: Documentation = { description: "", responses: {} };
export const getBucket: Documentation = { description: "", responses: {} };
export const headBucket: Documentation = { description: "", responses: {} };
export const deleteBucket: Documentation = { description: "", responses: {} };
