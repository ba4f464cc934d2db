// What both kinds of clients here share: requests that are not kept alive, and the error for a promise that was broken.

/** Something was answered and is not so any more. The message names the client, what it was doing, and the answer. */
export class BrokenPromise extends Error {}

/** Where a client works; the address changes with no restart. */
export interface Target {
  /** `http://host:port/v2/<name>`. */
  readonly repository: string;
  /** Makes contents and choices repeatable. */
  readonly seed: string;
}

/** One request on a connection of its own: one that is kept may lead to a server that has been killed since. */
export async function ask(method: string, url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, method, keepalive: false });
  await response.arrayBuffer();
  return response;
}

/** A whole number in [low, high). */
export function between(low: number, high: number, random: number): number {
  return low + Math.floor(random * (high - low));
}

/** The address in a Location header. */
export function locationOf(answer: Response): string {
  return new URL(answer.headers.get("location") ?? "", answer.url).href;
}

/** Bytes held, from `Range: 0-<last>`; `0-0` counts as none: no chunk here leaves a session with one byte. */
export function offsetOf(answer: Response): number {
  const last = Number(answer.headers.get("range")?.slice(2));
  return last === 0 ? 0 : last + 1;
}
