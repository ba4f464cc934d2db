// The pages about repositories and images, as their HTML says it: what is shown, where links lead, what a deletion does, who sees what.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { basic, openClosed } from "../http/support/accessRoom.ts";
import { openRegistry } from "../http/support/registry.ts";
import { openDemo } from "./support/demo.ts";
import { openHtml, type Page } from "./support/html.ts";
import { pushBuilt } from "./support/push.ts";

let room: Awaited<ReturnType<typeof openDemo>>;
beforeAll(async () => {
  room = await openDemo();
});
afterAll(() => room[Symbol.asyncDispose]());

/** Of an empty store. */
const nothing = {
  blobs: 0,
  bytes: 0,
  objectBytes: 0,
  leasedBytes: 0,
  looseBytes: 0,
  savedBytes: 0,
};
const headers = { authorization: basic("ann") };
const open = (path: string, init: RequestInit = {}): Promise<Page> =>
  openHtml(`${room.registry.url}${path}`, { headers, ...init });
const hrefs = (page: Page, selector: string): readonly (string | undefined)[] =>
  page.find(selector).map(({ attributes }) => attributes["href"]);

describe("the first page", () => {
  test("shows what was pushed last, buckets, sizes and a command to push", async () => {
    const page = await open("/");

    expect(page.texts("tbody th")).toEqual([
      ...["models/embedder", "team/web", "charts/ingress", "team/api", "base/node"],
      "backups",
    ]);
    expect(page.texts(".figures dt")).toContain("Free space");
    const host = room.registry.url.replace("http://", "");
    expect(page.texts(".command code").join("\n")).toContain(`docker push ${host}/`);
    expect(hrefs(page, "tbody th a")).toContain("/repositories/team/api");
  });

  test("shows an empty store the first steps", async () => {
    await using registry = await openRegistry();

    const page = await openHtml(registry.url);

    expect(page.texts("h2")).toContain("Nothing is stored yet");
    expect(page.find("table")).toEqual([]);
    expect(page.texts(".command code")[0]).toContain("docker push");
  });

  test("warns others than those on the machine of plain HTTP and of an open door", async () => {
    await using registry = await openRegistry();
    const warnings = async (host: string) =>
      (await openHtml(registry.url, { headers: { host } })).texts(".notice.warn");

    expect((await warnings("registry.example:5000")).join()).toMatch(
      /Open to everyone.*Plain HTTP/,
    );
    expect(await warnings("localhost:5000")).toEqual([]);
  });
});

describe("the list of repositories", () => {
  test("searches and sorts on the server", async () => {
    expect((await open("/repositories?search=team")).texts("tbody th")).toEqual([
      ...["team/api", "team/web"],
    ]);
    const bySize = await open("/repositories?sort=size&order=desc");
    expect(bySize.texts("tbody th")[0]).toBe("team/api");
    expect(bySize.find("th[aria-sort=descending]")).toHaveLength(1);
  });

  test("is shown in pages that follow each other", async () => {
    const seen: string[] = [];
    for (let path: string | undefined = "/repositories?limit=2"; path !== undefined; ) {
      const page = await open(path);
      seen.push(...page.texts("tbody th"));
      const next = hrefs(page, "a[rel=next]")[0];
      path = next && `${next.replaceAll("&amp;", "&")}&limit=2`;
    }

    expect(seen).toEqual([
      "base/node",
      "charts/ingress",
      "models/embedder",
      "team/api",
      "team/web",
    ]);
  });

  test("says so when nothing is found", async () => {
    const page = await open("/repositories?search=%3Cb%3E");

    expect(page.texts(".empty")).toEqual(["No repository has such a name."]);
    expect(page.html).not.toContain("<b>");
  });

  test("holds only what the visitor may see", async () => {
    const token = await room.token("webreader", "team/web:pull");
    const page = await open("/repositories", { headers: { authorization: token } });

    expect(page.texts("tbody th")).toEqual(["team/web"]);
    // What others hold is nobody's business but an operator's.
    expect(page.texts("tbody td").join()).not.toContain("MB");
    expect(
      (await open("/repositories/team/api", { headers: { authorization: token } })).status,
    ).toBe(403);
  });
});

describe("a repository", () => {
  test("lists its tags with platforms, size, digest, and who pushed them", async () => {
    const page = await open("/repositories/team/api");

    expect(page.texts("h1")).toEqual(["team/api"]);
    expect(page.texts("tbody th")).toContain("1.8.0");
    expect(page.texts("tbody tr")[0]).toMatch(/amd64, arm64.*KB.*ago by ci.*never/);
    expect(page.texts("tbody tr").find((row) => row.startsWith("latest"))).toEndWith("just now");
    expect(hrefs(page, "tbody th a")).toContain("/repositories/team/api/-/images/1.8.0");
  });

  test("finds and sorts tags", async () => {
    expect(
      (await open("/repositories/team/api?search=1.%3F.0&sort=name&order=desc")).texts(
        "tbody th",
      )[0],
    ).toBe("1.8.0");
    expect((await open("/repositories/team/api?search=late")).texts("tbody th")).toEqual([
      "latest",
    ]);
  });

  test("shows what lost its tag, and what is about others under that", async () => {
    const page = await open("/repositories/team/web/-/untagged");

    expect(page.find("tbody tr")).toHaveLength(1);
    expect((await open("/repositories/team/api/-/untagged")).texts(".empty")).toHaveLength(1);
  });

  test("that nobody pushed to is not found; a name that cannot be is refused", async () => {
    expect((await open("/repositories/team/none")).status).toBe(404);
    expect((await open("/repositories/Team")).status).toBe(400);
    expect((await open("/repositories/team/api/-/nothing")).status).toBe(404);
  });

  test("that was pushed to since sums were counted is shown without them", async () => {
    const old = { repositories: [], kept: nothing, countedAt: 0 };
    await using registry = await openRegistry({
      change: (backend) => {
        backend.images.book.read = async () => old;
        return backend;
      },
    });
    await pushBuilt({ url: registry.url }, "team/new", { tag: "1", steps: [] });

    const page = await openHtml(`${registry.url}/repositories/team/new`);

    expect(page.texts("tbody th")).toEqual(["1"]);
    expect(page.find(".figures")).toEqual([]);
    expect((await openHtml(`${registry.url}/repositories/team/none`)).status).toBe(404);
    const list = await openHtml(`${registry.url}/repositories`);
    expect(list.texts("main").join()).toMatch(/Counted \d+d .*ago/);
  });

  test("may have names of parts of an address", async () => {
    const name = "team/manifests/tags/list";
    await pushBuilt({ url: room.registry.url, headers }, name, { tag: "images", steps: [] });

    expect((await open(`/repositories/${name}`)).texts("tbody th")).toEqual(["images"]);
    expect((await open(`/repositories/${name}/-/images/images`)).texts("h1")).toEqual(["images"]);
  });
});

describe("a tag", () => {
  test("shows platforms, layers with the steps that made them, who shares them, and the config", async () => {
    const page = await open("/repositories/team/api/-/images/1.8.0");

    const text = page.texts("main").join();
    expect(page.texts("section[aria-label=Platforms] tbody th")).toEqual([
      "linux/amd64 shown below",
      "linux/arm64",
    ]);
    expect(page.texts("section[aria-label=Layers] tbody tr")[2]).toMatch(
      /COPY \/usr\/local \/usr\/local.*base\/node, team\/web/,
    );
    for (const fact of ["server.js", "8080/tcp, 9090/tcp", "NODE_ENV=production", "/srv"])
      expect(text).toContain(fact);
    expect(text).toMatch(/signature.*SBOM|SBOM.*signature/);
    expect(hrefs(page, "main a")).toContain("/repositories/team/api/-/images/latest");
  });

  test("is shown for the platform that is asked for", async () => {
    const page = await open("/repositories/team/api/-/images/1.8.0?platform=linux/arm64");

    expect(page.texts("section[aria-label=Platforms] tbody th")[1]).toBe("linux/arm64 shown below");
  });

  test("has commands for each client, with the address that the browser used", async () => {
    const page = await open("/repositories/team/api/-/images/1.8.0", {
      headers: { ...headers, host: "registry.example:5000" },
    });

    const commands = page.texts(".command code");
    expect(commands[0]).toBe("docker pull registry.example:5000/team/api:1.8.0");
    expect(commands).toContain(
      "podman pull --tls-verify=false registry.example:5000/team/api:1.8.0",
    );
    expect(commands).toContain("image: registry.example:5000/team/api:1.8.0");
  });

  test("of a Helm chart shows its values and README", async () => {
    const page = await open("/repositories/charts/ingress/-/images/1.2.3");

    expect(page.texts(".command code")[0]).toMatch(/^helm pull oci:\/\/.*--version 1\.2\.3/);
    expect(page.texts("pre.text").join("\n")).toContain("replicas: 2");
    expect(page.texts("pre.text")[0]).toStartWith("# ingress");
    expect(page.html).not.toContain("another chart");
  });

  test("of an artifact lists files that can be downloaded with the visitor's login", async () => {
    const page = await open("/repositories/models/embedder/-/images/q4");

    expect(page.texts("section[aria-label=Files] tbody th")).toEqual([
      ...["embedder-q4.gguf", "README.md"],
    ]);
    const [, readme] = hrefs(page, "section[aria-label=Files] a");
    const answer = await fetch(`${room.registry.url}${readme}`, { headers });
    expect(answer.headers.get("content-disposition")).toBe("attachment");
    expect(await answer.text()).toBe("# embedder\n");
  });

  test("shows nothing of what was pushed as HTML", async () => {
    const evil = '<img src=x onerror="alert(1)">';
    await pushBuilt({ url: room.registry.url, headers }, "team/evil", {
      tag: "1",
      steps: [{ command: evil, bytes: new Uint8Array([1]) }],
      config: { Cmd: [evil], Labels: { [evil]: evil }, Env: [`A=${evil}`], User: evil },
      annotations: { [evil]: evil },
    });

    const page = await open("/repositories/team/evil/-/images/1");

    expect(page.find("img")).toEqual([]);
    expect(page.texts("main").join()).toContain(evil);
  });
});

describe("two tags", () => {
  test("are compared by layers and config", async () => {
    const page = await open("/repositories/team/api/-/comparison?reference=1.7.0&reference=1.8.0");

    const layers = page.texts("section[aria-label='Layers of both'] tbody tr");
    expect(layers.filter((row) => row.startsWith("in both"))).toHaveLength(4);
    expect(layers.filter((row) => row.startsWith("added"))).toHaveLength(1);
    expect(
      page.texts("section[aria-label='What differs in the configuration'] tbody").join(),
    ).toContain("1.8.0");
  });

  test.each(["", "?reference=1.7.0", "?reference=1&reference=2&reference=3"])(
    "are asked for where there are others: %p",
    async (query) => {
      const page = await open(`/repositories/team/api/-/comparison${query}`);

      expect(page.status).toBe(400);
      expect(page.texts("main p")[0]).toContain("a comparison takes two");
    },
  );
});

test("callers without a login see no names of people", async () => {
  await using closed = await openClosed();
  await closed.seed("public/app", "1");
  const { accounts, registry } = closed;
  await pushBuilt({ url: registry.url, headers: { authorization: basic("root") } }, "public/app", {
    ...{ tag: "2", steps: [] },
  });
  await accounts.addRule({
    who: "anonymous",
    effect: "allow",
    pattern: "public/**",
    actions: "pull",
  });

  for (const path of ["", "/-/images/2", "/-/untagged"]) {
    const page = await openHtml(`${registry.url}/repositories/public/app${path}`);
    expect(page.status).toBe(200);
    expect(page.html).not.toContain("root");
  }
});
