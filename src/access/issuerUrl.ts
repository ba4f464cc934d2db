// Addresses of issuers: which may be asked at all. Pure.

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** True for `https`, and for `http` on this machine: whoever can change what an issuer answers can sign in as anybody. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || isLocal(url);
}

/** True for what may be the `iss` of a token (OpenID Connect Discovery 1.0, 3: no query and no fragment). */
export function isIssuer(text: string): boolean {
  return isSafeUrl(text) && !/[?#\s]/.test(text) && text.length <= 512;
}

/** Where an issuer says how it is asked (OpenID Connect Discovery 1.0, 4). */
export function discoveryOf(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** True when keys may be read from there: an issuer elsewhere cannot lead to this machine. */
export function maySendTo(issuer: string, address: string): boolean {
  const [from, to] = [URL.parse(issuer), URL.parse(address)];
  if (from === null || to === null || !isSafeUrl(address)) return false;
  return to.protocol === "https:" || isLocal(from);
}

function isLocal({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && loopback.test(hostname);
}
