// How a server proves who it is: the kinds of value of `http.tls`, what they mean together, and what cannot be meant. Pure.
import { isIP } from "node:net";
import type { Problem } from "./problem.ts";
import { readText } from "./readText.ts";
import { type Kind, toggle, ValueError } from "./values.ts";

/** A toggle that `--tls self-signed` can be written for. */
export const selfSigned: Kind<boolean> = {
  parse(text) {
    if (/^self-?signed$/i.test(text)) return true;
    try {
      return toggle.parse(text);
    } catch {
      throw new ValueError(
        'is neither "self-signed" nor "off". Files of a CA are named by http.tls.certificate and http.tls.key.',
      );
    }
  },
  show: (value) => (value ? "self-signed" : "off"),
};

const dnsName =
  /^(?=.{1,253}$)(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

/** A name, `*.name` or an address that a certificate can be for. */
export const tlsHost: Kind<string> = {
  parse(text) {
    const bare = text.replace(/^\[(.*)\]$/, "$1");
    if (isIP(bare) !== 0 || (dnsName.test(bare) && !/^[\d.]+$/.test(bare)))
      return bare.toLowerCase();
    throw new ValueError("is no host name and no address. Examples: nas.lan, 192.168.1.10.");
  },
  show: (value) => value,
};

/** `ann@example.com`, or nothing. */
export const mailAddress: Kind<string> = {
  parse(text) {
    if (text === "" || /^[^\s@,;:<>"]+@[^\s@,;:<>"]+\.[^\s@,;:<>".]+$/.test(text)) return text;
    throw new ValueError("is no address of e-mail, such as ann@example.com.");
  },
  show: (value) => value,
};

/** A whole URL. */
export const directoryUrl: Kind<string> = {
  parse(text) {
    if (URL.parse(text)?.protocol === "https:") return text;
    throw new ValueError("is no URL that begins with https://.");
  },
  show: (value) => value,
};

/** The settings of TLS, and those that they depend on. */
interface TlsSettings {
  readonly "http.tls.certificate": string;
  readonly "http.tls.key": string;
  readonly "http.tls.selfSigned": boolean;
  readonly "http.tls.acme.hosts": readonly string[];
  readonly "http.tls.clientCa": string;
}

/** What the settings ask for. */
export type TlsMode = "off" | "files" | "self-signed" | "acme";

/** @returns what is asked for, once `tlsProblems` found nothing. */
export function tlsMode(config: TlsSettings): TlsMode {
  if (config["http.tls.selfSigned"]) return "self-signed";
  if (config["http.tls.acme.hosts"].length > 0) return "acme";
  return config["http.tls.certificate"] === "" ? "off" : "files";
}

/** @returns the scheme of the server's URLs. */
export const schemeOf = (config: TlsSettings): "http" | "https" =>
  tlsMode(config) === "off" ? "http" : "https";

/** Settings that contradict each other. @param where tells where a setting was made. */
export function tlsProblems(
  config: TlsSettings,
  where: (key: keyof TlsSettings) => string,
): Problem[] {
  const [certificate, key] = ["http.tls.certificate", "http.tls.key"] as const;
  const problem = (at: keyof TlsSettings, message: string): Problem[] => [
    { where: where(at), message: `${at}: ${message}` },
  ];
  const [other] = config["http.tls.acme.hosts"].filter((name) => !isOrderable(name));
  if (other !== undefined) {
    const message = `no certificate can be ordered for ${other}: write whole DNS names, such as registry.example.com.`;
    return problem("http.tls.acme.hosts", message);
  }
  const isOrdered = config["http.tls.acme.hosts"].length > 0;
  if (isOrdered && (config["http.tls.selfSigned"] || config[certificate] !== "")) {
    return problem(
      "http.tls.acme.hosts",
      "another certificate is named as well. Keep one: http.tls.acme.hosts, http.tls.selfSigned, or http.tls.certificate with http.tls.key.",
    );
  }
  if (config["http.tls.selfSigned"] && (config[certificate] !== "" || config[key] !== "")) {
    return problem(
      "http.tls.selfSigned",
      "a certificate is named as well. Keep one: http.tls.selfSigned, or http.tls.certificate with http.tls.key.",
    );
  }
  if (config[certificate] !== "" && config[key] === "") {
    return problem(certificate, "its key is missing. Name the file of the key with http.tls.key.");
  }
  if (config[key] !== "" && config[certificate] === "") {
    return problem(key, "its certificate is missing. Name its file with http.tls.certificate.");
  }
  return config["http.tls.clientCa"] !== "" && tlsMode(config) === "off"
    ? problem(
        "http.tls.clientCa",
        "the server has no TLS, so that it could not ask for certificates.",
      )
    : [];
}

/** HTTP-01 proves neither wildcards nor names without a dot; addresses need another kind of order. */
const isOrderable = (name: string): boolean =>
  name.includes(".") && !name.startsWith("*") && isIP(name) === 0;

const largestFile = 1024 * 1024;

/** Reads a file of certificates or keys. @throws ReadError */
export const readPem = (path: string): string => readText(path, largestFile);
