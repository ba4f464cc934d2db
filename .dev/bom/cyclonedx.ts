// The list of contents as a software bill of materials: CycloneDX 1.6, JSON. The same contents give the same bytes: no time, no number.
import manifest from "../../package.json" with { type: "json" };
import type { Component } from "./contents.ts";

/** The whole document, indented. */
export function cyclonedx(components: readonly Component[]): string {
  const self = `pkg:generic/${manifest.name}@${manifest.version}`;
  const listed = components.map((component) => described(component, ""));
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        ...{ type: "application", "bom-ref": self, name: manifest.name, version: manifest.version },
        ...{ description: manifest.description, purl: self },
        licenses: [{ license: { id: manifest.license } }],
      },
    },
    components: listed,
    dependencies: [{ ref: self, dependsOn: listed.map((each) => each["bom-ref"]) }],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** @param within the reference of the component that this one is inside of. */
function described(component: Component, within: string): Described {
  const { name, version, licence, integrity, inside } = component;
  const slash = name.startsWith("@") ? name.indexOf("/") : -1;
  const purl = purlOf(component);
  const reference = `${within}${purl ?? name}`;
  return {
    type: inside.length > 0 && name === "bun" ? "platform" : "library",
    "bom-ref": reference,
    ...(slash < 0 ? {} : { group: name.slice(0, slash) }),
    name: name.slice(slash + 1),
    ...(version === null ? {} : { version }),
    ...(integrity === null ? {} : { hashes: [{ alg: "SHA-512", content: hexOf(integrity) }] }),
    licenses: [licenceOf(component, licence)],
    ...(purl === null ? {} : { purl }),
    ...(inside.length === 0
      ? {}
      : { components: inside.map((each) => described(each, `${reference}#`)) }),
  };
}

interface Described {
  readonly "bom-ref": string;
  readonly [field: string]: unknown;
}

/** Libraries of the runtime are not packages. */
const isPackage = ({ name, version, integrity, folder }: Component): boolean =>
  name === "bun" || version !== null || integrity !== null || folder !== null;

function purlOf(component: Component): string | null {
  if (!isPackage(component)) return null;
  const name = component.name.replace("@", "%40");
  return `pkg:npm/${name}${component.version === null ? "" : `@${component.version}`}`;
}

function licenceOf(component: Component, licence: string): object {
  if (!isPackage(component)) return { license: { name: licence } };
  return / (?:OR|AND|WITH) /.test(licence) ? { expression: licence } : { license: { id: licence } };
}

/** `sha512-<base64>` as CycloneDX writes it. */
const hexOf = (integrity: string): string =>
  Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
