// What a manifest is refused with. Apart because several files ask.
import { expect } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { bytes } from "./builders.ts";

/** The message of the MANIFEST_INVALID error that parsing ends with. */
export function refusal(document: unknown, contentType: string | null): string {
  const body = document instanceof Uint8Array ? document : bytes(document);
  try {
    parseManifest(body, contentType);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    expect(error.situation).toBe("MANIFEST_INVALID");
    return error.message;
  }
  throw new Error("the manifest was accepted");
}
