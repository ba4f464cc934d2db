// Which program asks, as its User-Agent names it. Pure.

/** Longest text that is kept; a client decides how long it is. */
const longest = 200;

/**
 * `Docker-Client/27.5.1 (linux)` of `docker/27.5.1 go/go1.22.11 … UpstreamClient(Docker-Client/27.5.1 \(linux\))`: dockerd asks for whoever uses
 * it, and names that program with escaped brackets (moby, `dockerversion.DockerUserAgent`). Other texts as they are. null for none.
 */
export function clientProgram(userAgent: string | null): string | null {
  const text = userAgent?.trim() ?? "";
  if (text === "") return null;
  const upstream = /\bUpstreamClient\((.+)\)$/.exec(text)?.[1]?.replace(/\\(.)/g, "$1");
  return (upstream ?? text).slice(0, longest);
}
