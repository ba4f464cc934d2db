// Objects that are replaced between their look-up and the first byte of the answer, while a collection deletes what they were made of.
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { notKept, openingBy } from "./support/opening.ts";
import { openRegistry } from "./support/registry.ts";

/** A registry with a bucket, in which `meanwhile` happens once, after the look-up of an object, and before its file is opened or after. */
async function openReplacing(when: "before" | "after") {
  const hook: { meanwhile: (() => Promise<void>) | null } = { meanwhile: null };
  const happen = async (): Promise<void> => {
    const { meanwhile } = hook;
    hook.meanwhile = null;
    await meanwhile?.();
  };
  const registry = await openRegistry({
    change: (backend) => {
      const storage = openingBy(backend.objects.storage, (look) => async (row) => {
        if (when === "before") await happen();
        const found = await look(row);
        if (when === "after") await happen();
        return found;
      });
      return { ...backend, objects: { ...backend.objects, storage } };
    },
  });
  const body = JSON.stringify({ name: "backups" });
  await fetch(`${registry.url}/v1/buckets`, { method: "POST", body });
  const address = `${registry.url}/v1/buckets/backups/objects/a.dump`;
  const put = async (text: string): Promise<void> => {
    expect((await fetch(address, { method: "PUT", body: notKept(text) })).ok).toBe(true);
  };
  await put("the first");
  hook.meanwhile = async () => {
    await put("the second");
    const files = new Bun.Glob("sha256/*/*").scan(join(registry.store.directory, "blobs"));
    for await (const file of files) {
      const path = join(registry.store.directory, "blobs", file);
      if ((await Bun.file(path).text()) === notKept("the first")) await rm(path);
    }
  };
  return { registry, address };
}

test.each([
  ["the whole", "before", {}, 200, "the second"],
  ["the whole", "after", {}, 200, "the second"],
  ["a range", "after", { range: "bytes=4-9" }, 206, "second"],
] as const)(
  "%s of an object is sent although it is replaced %s its file is opened",
  async (_, when, headers, status, text) => {
    const { registry, address } = await openReplacing(when);
    await using _registry = registry;

    const answer = await fetch(address, { headers });

    expect([answer.status, (await answer.text()).trimEnd()]).toEqual([status, text]);
    expect(registry.lines.filter(({ level }) => level === "error")).toEqual([]);
  },
);
