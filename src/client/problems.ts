// Failures between a command and its server, as values; and the sentences that say what to do about them.

/** The line to the server: refused, broken, silent. `code` as the runtime calls it. */
export class LineError extends Error {
  override readonly name = "LineError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** An answer that is a refusal. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: number;
  /** The code of Breadbox's error envelope; "" when another program answered. */
  readonly code: string;
  /** The server's Retry-After, in ms; null without one. */
  readonly retryAfterMs: number | null;
  /** The part that it is about; null when it is about none. */
  readonly part: number | null;

  constructor(
    message: string,
    {
      status,
      code,
      retryAfterMs,
      part = null,
    }: Pick<RefusedError, "status" | "code" | "retryAfterMs"> & { readonly part?: number | null },
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.part = part;
  }
}

/** Another error whose message is printed as it is. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Ctrl+C, or SIGTERM. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
  readonly signal: "SIGINT" | "SIGTERM";

  constructor(signal: "SIGINT" | "SIGTERM") {
    super("stopped");
    this.signal = signal;
  }
}

/** TLS faults by what mends them; codes of OpenSSL and of Bun. */
const untrusted =
  /^(?:UNABLE_TO_(?:VERIFY|GET)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_(?:UNTRUSTED|REJECTED))/;
const otherTls = /^(?:CERT_|ERR_TLS_|EPROTO$|ERR_SSL_)/;

/** Whether trying again may help: it cannot where a certificate is wrong, or where nothing speaks HTTP. */
export const isLasting = ({ code }: LineError): boolean =>
  untrusted.test(code) || otherTls.test(code) || code === "Malformed_HTTP_Response";

/** @param url of the server. */
export function lineText({ code, message }: LineError, url: string): string {
  if (untrusted.test(code)) {
    return `The certificate of ${url} is signed by a CA that this machine does not trust (${code}). If it is yours, name the file of its CA: NODE_EXTRA_CA_CERTS=ca.pem or SSL_CERT_FILE=ca.pem`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `The certificate of ${url} is for another name. Use the name that it was made for.`;
  }
  if (code === "CERT_HAS_EXPIRED") return `The certificate of ${url} has expired.`;
  if (otherTls.test(code)) {
    return `No TLS connection with ${url} (${code}). Perhaps the server speaks plain HTTP: --server http://…?`;
  }
  if (code === "Malformed_HTTP_Response") return `The server at ${url} does not speak HTTP.`;
  if (code === "ECONNREFUSED" || code === "ENOTFOUND") {
    return `No Breadbox answers at ${url}. Start one with \`breadbox serve\`, or name another with --server URL.`;
  }
  return `The connection to ${url} broke: ${message}`;
}

/** A sentence about an answer that is a refusal. `url` is that of the server. */
export function refusedText(error: RefusedError, url: string): string {
  const { status, code, message } = error;
  if (code === "BUCKET_UNKNOWN") {
    return "There is no such bucket. `breadbox bucket ls` lists the buckets.";
  }
  if (code !== "") return envelopeText(error);
  switch (status) {
    case 413:
      return `A proxy in front of ${url} limits how large a request may be (413). Send smaller parts: --part-size 8MiB`;
    case 401:
    case 407:
      return `${url} asks for a user and a password (${status}): --server https://USER:PASSWORD@HOST, or the same in BREADBOX_SERVER.`;
    case 403:
      return `A proxy in front of ${url}, or another program, forbids it (403). The answer is not one of Breadbox.`;
    default:
      return `${url} answered ${status}${message === "" ? "" : ` (${message})`}. The answer is not one of Breadbox: a proxy in front, or another program, sent it.`;
  }
}

const envelopeText = ({ message, status, code }: RefusedError): string => {
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  const isTooLarge = status === 413 && code === "SIZE_INVALID";
  return isTooLarge ? `${sentence} Smaller parts may pass: --part-size 8MiB` : sentence;
};

/** True for the refusal of a server whose disk is full: it passes, unlike the other 413. */
export function isDiskFull({ status, code }: RefusedError): boolean {
  return status === 413 && code === "UNAVAILABLE";
}
