// A link that a collection takes away while a push relies on it, on PostgreSQL: the push changes the lease of the content, and the link
// not at all, so that nothing but the lease can show the collection that it comes late.
import { expect, test } from "bun:test";
import postgres from "postgres";
import {
  app,
  blob,
  finish,
  holdGc,
  limitsAt,
  manifest,
  minute,
  now,
  other,
} from "../contract/metadataRows.ts";
import { Scope } from "../support/scope.ts";
import { describeOnPostgres, openAt } from "./postgresDatabase.ts";

describeOnPostgres("on PostgreSQL", (server) => {
  test.each(["before", "after"])(
    "a collection deletes no link of content that got a lease %s it looked",
    async (order) => {
      await using inner = new Scope();
      const url = await server().createDatabase(`links_${order}`);
      const { metadata } = await openAt(inner, url);
      const { uploads, registry, collection } = metadata;
      const over = { keptUntil: now + minute };
      const { digest } = finish("layer");
      await uploads.finishUpload(finish("layer", over));
      await uploads.finishUpload(finish("layer", { ...over, repository: other, found: true }));
      // Another repository keeps the content.
      await registry.putManifest(
        manifest("{}", { repository: other, references: [blob("layer")] }),
      );
      const hold = await holdGc(metadata);
      const limits = () => limitsAt(now + 2 * minute);
      const discard = () => collection.discardLinks(hold, [{ repository: app, digest }], limits);
      const push = postgres(url, { max: 1 });
      inner.defer(() => push.end({ timeout: 1 }));
      const link = push`insert into repository_contents (repository, digest, linked_at)
      values (${app}, ${digest}, 1) on conflict do nothing`;
      const raise = push`update contents set kept_until = ${now + 99 * minute} where digest = ${digest}`;

      await push`begin isolation level serializable`;
      if (order === "before") await raise;
      await link;
      const discarding = discard();
      await Bun.sleep(order === "before" ? 300 : 0);
      const pushed = (async () => {
        if (order === "after") await raise;
        await push`commit`;
        return true;
      })().catch(() => push`rollback`.then(() => false));
      const gone = await discarding;

      // One of them comes first: then the other attempts it again, and sees what was done.
      expect([await pushed, gone]).toEqual(gone === 0 ? [true, 0] : [false, 1]);
      expect((await registry.findBlob(app, digest)) !== null).toBe(gone === 0);
    },
  );
});
