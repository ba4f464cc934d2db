// What the explorer says of uploads in parts.
import type { Documentation } from "./types.ts";

export const listMultipartUploads: Documentation = { description: "", responses: {} };
export const headMultipartUploads: Documentation = { description: "", responses: {} };
export const initiateMultipartUpload: Documentation = { description: "", responses: {} };
export const getMultipartUpload: Documentation = { description: "", responses: {} };
export const headMultipartUpload: Documentation = { description: "", responses: {} };
export const abortMultipartUpload: Documentation = { description: "", responses: {} };
export const listParts: Documentation = { description: "", responses: {} };
export const headParts: Documentation = { description: "", responses: {} };
export const putPart: Documentation = { description: "", responses: {} };
export const completeMultipartUpload: Documentation = { description: "", responses: {} };
