// What the explorer says of objects.
import type { Documentation } from "./types.ts";

export const listObjects: Documentation = { description: "", responses: {} };
export const headObjects: Documentation = { description: "", responses: {} };
export const getObject: Documentation = { description: "", responses: {} };
export const headObject: Documentation = { description: "", responses: {} };
export const putObject: Documentation = { description: "", responses: {} };
export const deleteObject: Documentation = { description: "", responses: {} };
