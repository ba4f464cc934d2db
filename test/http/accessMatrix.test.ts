// Every operation of the table × every kind of caller (classes S4, S14 of holes that other registries had). A new operation is asked too.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { areas } from "../../src/access/actions.ts";
import type { Operation } from "../../src/http/operation.ts";
import { operations } from "../../src/http/operations.ts";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";
import { fill } from "./support/addresses.ts";
import { pushImage } from "./support/image.ts";

const kinds = [
  "anonymous",
  "wrong password",
  "forged bearer",
  "expired token",
  "revoked token",
  "disabled user",
  "bearer of a disabled user",
  "pull only",
  "push elsewhere",
  "push without overwrite",
  "bearer for another repository",
  "admin",
] as const;
type Kind = (typeof kinds)[number];

let room: Closed;
const callers = new Map<Kind, string | null>();
/** Who is nobody: neither right credentials nor rights. */
const strangers: ReadonlySet<Kind> = new Set(kinds.slice(0, 7));

beforeAll(async () => {
  room = await openClosed();
  const { accounts, registry, token, bearer } = room;
  await accounts.addUser("eve", { password, isAdmin: true });
  callers.set("anonymous", null);
  callers.set("wrong password", "Basic cm9vdDp3cm9uZw=");
  callers.set("forged bearer", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.");
  callers.set("expired token", await token("old", "**:pull,push,overwrite,delete,admin"));
  callers.set("bearer of a disabled user", await bearer(basic("eve"), "repository:team/app:*"));
  callers.set("disabled user", basic("eve"));
  // Long enough for the token, short enough for the keys that the others are asked with.
  registry.store.clock.advance(3_600_001);
  callers.set("revoked token", await token("gone", "**:pull,push,overwrite,delete,admin"));
  await accounts.revokeToken("gone");
  await accounts.disableUser("eve", true);
  callers.set("pull only", await token("pull", "team/**:pull", "bucket:backups:pull"));
  callers.set(
    "push elsewhere",
    await token(
      "else",
      "other/**:pull,push,overwrite,delete,admin",
      "bucket:other:pull,push,overwrite,delete,admin",
    ),
  );
  callers.set("push without overwrite", await token("new", "team/**:push", "bucket:backups:push"));
  callers.set("admin", basic("root"));
  // Before the wrong passwords: the address is known for this account then.
  callers.set(
    "bearer for another repository",
    await bearer(basic("root"), "repository:other/app:*"),
  );
});
afterAll(() => room[Symbol.asyncDispose]());

/** What a caller may do on `team/app` and the bucket `backups`. */
const given: Partial<Record<Kind, readonly string[]>> = {
  "pull only": ["pull"],
  "push elsewhere": [],
  "push without overwrite": ["push"],
};
const onServer = new Set<string>(areas);

/** The statuses that tell a refusal; null for an operation that goes on. */
function refusalOf({ needs }: Operation, kind: Kind): readonly number[] | null {
  if (needs === "nothing" || kind === "admin") return null;
  // A password that is wrong too often is not even looked at.
  if (strangers.has(kind)) return [401, 429];
  if (kind === "bearer for another repository") return needs === "login" ? null : [401];
  if (needs === "administrator") return [403];
  if (typeof needs === "string") return null;
  const isGiven = !onServer.has(needs.on) && (given[kind] ?? []).includes(needs.right);
  if (isGiven) return null;
  return needs.on === "upload" ? [404] : [403];
}

const bodies: Readonly<Record<string, string>> = {
  deleteByPlan: JSON.stringify({ targets: ["team/app:1.0"] }),
  createBucket: JSON.stringify({ name: "backups" }),
  initiateMultipartUpload: JSON.stringify({ object: "path/to/file.bin" }),
  createBucketByForm: "name=backups",
  deleteObjectByForm: "object=path/to/file.bin",
  putFileByForm: `--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhi\r\n--b--`,
  linkByForm: `name=a&repository=team/app&digest=sha256:${"0".repeat(64)}`,
};
const typeOf = (body: string): string => {
  if (body.startsWith("--b")) return "multipart/form-data; boundary=b";
  return body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
};

describe.each(kinds)("%s", (kind) => {
  test.each(operations.map((operation) => [operation.id, operation] as const))(
    "is let in to %s exactly if it may",
    async (_, operation) => {
      const { method, path, id } = operation;
      const body = bodies[id];
      const answer = await room.ask(method, fill(path), callers.get(kind) ?? null, {
        ...(body === undefined ? {} : { body, headers: { "content-type": typeOf(body) } }),
      });

      const refused = refusalOf(operation, kind);
      if (refused === null) {
        const denied = needsBody(operation, kind) ? [] : [401, 403, 429];
        // The token endpoint asks for credentials itself.
        if (operation.action !== "login") expect(denied).not.toContain(answer.status);
        return;
      }
      expect(refused).toContain(answer.status);
      expect(answer.headers.has("www-authenticate")).toBe(answer.status === 401);
    },
  );
});

/** Operations that name what they are about in their body refuse there. */
function needsBody({ needs }: Operation, kind: Kind): boolean {
  return needs === "body" && kind !== "admin";
}

describe("an operation whose body names what it is about", () => {
  test.each([
    ["pull only", "createBucket", 403],
    ["pull only", "deleteByPlan", 403],
    ["push elsewhere", "deleteByPlan", 403],
    ["push without overwrite", "createBucket", 403],
    ["push elsewhere", "initiateMultipartUpload", 403],
    ["pull only", "initiateMultipartUpload", 403],
    ["pull only", "putFileByForm", 403],
    ["push elsewhere", "putFileByForm", 403],
    ["pull only", "linkByForm", 403],
    ["push elsewhere", "linkByForm", 403],
  ] as const)("refuses %s to %s with %d", async (kind, id, status) => {
    const operation = operations.find((each) => each.id === id);
    const body = bodies[id] ?? "";
    const answer = await room.ask("POST", fill(operation?.path ?? ""), callers.get(kind) ?? null, {
      ...{ body, headers: { "content-type": typeOf(body) } },
    });
    expect(answer.status).toBe(status);
  });
});

describe("a refusal tells nothing of what is stored", () => {
  test.each(["anonymous", "push elsewhere"] as const)("to %s", async (kind) => {
    await using other = await openClosed();
    const who = kind === "anonymous" ? null : await other.token("else", "other/**:pull,push");
    const ask = async (): Promise<string> => {
      const said: string[] = [];
      for (const { method, path, needs } of operations) {
        if (typeof needs === "string") continue;
        const answer = await other.ask(method, fill(path), who);
        const { request_id: _, ...body } = JSON.parse((await answer.text()) || "{}");
        said.push(`${method} ${path} ${answer.status} ${JSON.stringify(body)}`);
      }
      return said.join("\n");
    };
    const before = await ask();

    const { accounts } = other;
    await accounts.addRule({
      who: "anonymous",
      effect: "allow",
      pattern: "**",
      actions: "pull,push",
    });
    await pushImage(other.registry.url, { name: "team/app", tag: "latest" });
    await accounts.removeRule((await accounts.list()).rules.at(-1)?.id ?? 0);

    expect(await ask()).toBe(before);
  });
});
