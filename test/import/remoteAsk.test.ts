// A request to another registry that is busy, breaks off, or wants a login: it is repeated, or refused with a reason to act on.
import { describe, expect, test } from "bun:test";
import { Ask, type RemoteLogin } from "../../src/import/remoteAsk.ts";
import { Scope } from "../support/scope.ts";

const login: RemoteLogin = { username: "ann", password: "pä:ss", tokenServer: null };
const basic = `Basic ${Buffer.from("ann:pä:ss").toString("base64")}`;
/** Seconds: as short as it can be said. */
const soon = { "Retry-After": "0.001" };

type Respond = (request: Request, asked: number) => Response;

/** A registry that answers as told. @returns its address, and how often it was asked. */
function registry(scope: Scope, respond: Respond) {
  let asked = 0;
  const fetch = (request: Request) => {
    asked += 1;
    return respond(request, asked);
  };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
  scope.defer(() => server.stop(true));
  return { url: server.url, asked: () => asked };
}

const challenge = (text: string) =>
  new Response("no", { status: 401, headers: { "WWW-Authenticate": text } });
const read = async (url: URL, who: RemoteLogin | null = null) => {
  const answer = await new Ask(url, who).read("/v2/a", { scope: "repository:a:pull" });
  return answer === null ? null : Buffer.from(answer.body).toString();
};

describe("a registry that is busy", () => {
  test.each([429, 500, 503])("with %d is asked again, when it says so", async (status) => {
    await using scope = new Scope();
    const { url, asked } = registry(scope, (_, nth) =>
      nth < 3 ? new Response("busy", { status, headers: soon }) : new Response("here"),
    );
    expect([await read(url), asked()]).toEqual(["here", 3]);
  });

  test("for long is given up, with its status", async () => {
    await using scope = new Scope();
    const { url, asked } = registry(scope, () => new Response("", { status: 503, headers: soon }));
    await expect(read(url)).rejects.toThrow(`${url.host} answered 503 to GET /v2/a`);
    expect(asked()).toBe(5);
  });

  test("is not asked again for what it does not have, or refuses", async () => {
    await using scope = new Scope();
    const absent = registry(scope, () => new Response("", { status: 404 }));
    expect([await read(absent.url), absent.asked()]).toEqual([null, 1]);
    const closed = registry(scope, () => new Response("", { status: 403 }));
    await expect(read(closed.url)).rejects.toThrow(
      "answered 403 to GET /v2/a; is the login right?",
    );
    expect(closed.asked()).toBe(1);
  });
});

describe("a connection that breaks", () => {
  /** Closes the connection after `sent`, the first time. */
  function breaking(scope: Scope, sent: string) {
    let connections = 0;
    const listener = Bun.listen({
      ...{ hostname: "127.0.0.1", port: 0 },
      socket: {
        data(socket) {
          connections += 1;
          const head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";
          socket.end(connections === 1 ? sent : `${head}here`);
        },
      },
    });
    scope.defer(() => listener.stop(true));
    return new URL(`http://127.0.0.1:${listener.port}/`);
  }

  test.each([
    ["before an answer", ""],
    ["within the body", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhe"],
  ])("%s is tried again", async (_, sent) => {
    await using scope = new Scope();
    expect(await read(breaking(scope, sent))).toBe("here");
  });
});

describe("a registry that asks for a login", () => {
  test("by Basic gets the one that was given, in UTF-8", async () => {
    await using scope = new Scope();
    const { url } = registry(scope, ({ headers }) =>
      headers.get("authorization") === basic ? new Response("here") : challenge('Basic realm="a"'),
    );
    expect(await read(url, login)).toBe("here");
    await expect(read(url)).rejects.toThrow("use --username NAME --password-stdin");
  });

  test.each(["", "Negotiate", "Bearer", 'Bearer realm="nowhere"'])(
    "of the kind %p is refused",
    async (kind) => {
      await using scope = new Scope();
      const { url } = registry(scope, () => challenge(kind));
      await expect(read(url, login)).rejects.toThrow("a login of a kind that is not known here");
    },
  );

  test("at another host gets none, and the reason names the option", async () => {
    await using scope = new Scope();
    const { url } = registry(scope, () => challenge('Bearer realm="http://evil.example/token"'));
    await expect(read(url, login)).rejects.toThrow("add --token-server evil.example");
  });

  /** A registry that is its own token server. */
  const withTokens = (scope: Scope, token: () => Response) =>
    registry(scope, ({ url, headers }) => {
      const { pathname, origin } = new URL(url);
      if (pathname === "/token") return token();
      if (headers.get("authorization") === "Bearer good") return new Response("here");
      return challenge(`Bearer realm="${origin}/token",service="it"`);
    });

  test("by a token asks for one, by either name", async () => {
    await using scope = new Scope();
    for (const body of [{ token: "good" }, { access_token: "good" }]) {
      const { url } = withTokens(scope, () => Response.json(body));
      expect(await read(url, login)).toBe("here");
    }
  });

  test.each([
    ["refuses", () => new Response("", { status: 403 }), "answered 403; is the login right?"],
    ["sends no token", () => Response.json({ expires_in: 60 }), "sent none"],
    ["sends no JSON", () => new Response("<html>"), "sent none"],
  ])("and whose token server %s is given up", async (_, token, reason) => {
    await using scope = new Scope();
    const { url } = withTokens(scope, token);
    await expect(read(url, login)).rejects.toThrow(reason);
  });

  test("and does not take its own token is given up", async () => {
    await using scope = new Scope();
    const { url } = withTokens(scope, () => Response.json({ token: "bad" }));
    await expect(read(url, login)).rejects.toThrow(
      "answered 401 to GET /v2/a; is the login right?",
    );
  });

  test("whose token server is not there is given up", async () => {
    await using scope = new Scope();
    const { url } = registry(scope, () => challenge(`Bearer realm="http://127.0.0.1:1/token"`));
    await expect(read(url, { ...login, tokenServer: "127.0.0.1:1" })).rejects.toThrow(
      "127.0.0.1:1 is not reached",
    );
  });
});
