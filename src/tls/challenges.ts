// The port that a public CA asks during an order (RFC 8555, 8.3). It is open only meanwhile, and answers nothing else.
import type { AnswerChallenges } from "./acme.ts";
import { CertificateError } from "./material.ts";

const folder = "/.well-known/acme-challenge/";

/** @param host "" for every address. */
export function challengePort({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): AnswerChallenges {
  return (answers) => {
    const answer = ({ url, method }: Request): Response => {
      const { pathname } = new URL(url);
      const text = pathname.startsWith(folder) ? answers.get(pathname.slice(folder.length)) : null;
      if ((method === "GET" || method === "HEAD") && text != null) return new Response(text);
      return new Response("This port answers a certificate authority only. Use https.\n", {
        status: 404,
      });
    };
    const server = listen(host, port, answer);
    return { stop: () => server.stop(true) };
  };
}

function listen(host: string, port: number, fetch: (request: Request) => Response) {
  try {
    return Bun.serve({
      ...{ hostname: host, port, fetch },
      ...{ development: false, reusePort: false, idleTimeout: 10, maxRequestBodySize: 1 },
    });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? error.code : error;
    throw new CertificateError(
      `Port ${port}, which the CA asks, cannot be opened (${reason}). Another program may have it, or the server's user may not open ports below 1024: see docs/TLS.md.`,
    );
  }
}
