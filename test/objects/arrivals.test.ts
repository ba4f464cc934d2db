// Parts that are arriving hold their upload, whatever its time: it is not over for requests, nor for the sweep.
import { expect, jest, test } from "bun:test";
import { sweepMultipart } from "../../src/jobs/multipartSweep.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { Arrivals } from "../../src/objects/arrivals.ts";
import { completeMultipart } from "../../src/objects/completion.ts";
import { putPart } from "../../src/objects/parts.ts";
import type { Body } from "../../src/storage/staging.ts";
import { refusalOf } from "./refusal.ts";
import { openRoom } from "./room.ts";

type Room = Awaited<ReturnType<typeof openRoom>>;
const some = new TextEncoder().encode("some bytes");

/** A body that has begun, and ends as it is told to. */
function openBody() {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const body: Body = {
    async *[Symbol.asyncIterator]() {
      yield some.slice();
      begun.resolve();
      await end.promise;
      yield some.slice();
    },
  };
  return {
    body,
    begun: begun.promise,
    end: () => end.resolve(),
    break: () => end.reject(new Error("cut")),
  };
}

/** A sweep without a grace period that is ordered now. @param arriving as another server sees it. @returns how many uploads it ended. */
async function sweep({ deps, store }: Room, arriving?: readonly UploadId[]): Promise<number> {
  const { multipartLife, storage, arrivals, ageNow } = deps();
  const swept = await sweepMultipart(
    {
      ...{ metadata: multipartLife, storage, clock: store.clock.now, ageNow },
      ...{ arriving: arriving ?? arrivals.ids(), rest: async () => {}, onExpired: () => {} },
    },
    { graceMs: 0, limit: 10 },
  );
  return swept.expired;
}

const expire = (room: Room, times = 1): void =>
  room.store.clock.advance(times * room.deps().limits.ttlMs + 1);

test("while a part arrives, its upload accepts other parts, survives sweeps, and can be completed", async () => {
  await using room = await openRoom();
  const id = await room.initiate();
  const first = await room.put(id, 1, some);
  const slow = openBody();
  const arriving = room.put(id, 2, slow.body);
  await slow.begun;

  expire(room, 2);
  const swept = await sweep(room);
  const third = await room.put(id, 3, some);
  expire(room, 2);
  const again = await sweep(room);
  slow.end();
  const second = await arriving;

  expect([swept, again]).toEqual([0, 0]);
  await room.complete(id, [first, second, third]);
  expect((await room.read()).length).toBe(4 * some.length);
});

test("another server's sweep leaves an upload alone to which a part arrives, from its beginning and for as long as it takes", async () => {
  await using room = await openRoom();
  const id = await room.initiate();
  const { ttlMs } = room.deps().limits;
  const slow = openBody();
  room.store.clock.advance(ttlMs - 1);
  jest.useFakeTimers();
  try {
    const arriving = room.put(id, 1, slow.body);
    await slow.begun;
    const swept: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      room.store.clock.advance(0.6 * ttlMs);
      swept.push(await sweep(room, []));
      jest.advanceTimersByTime(20_000);
    }
    slow.end();

    expect(swept).toEqual([0, 0, 0, 0, 0]);
    await room.complete(id, [await arriving]);
  } finally {
    jest.useRealTimers();
  }
});

test("a part that broke extends its upload's expiry like one that was stored", async () => {
  await using room = await openRoom();
  const id = await room.initiate();
  const first = await room.put(id, 1, some);
  const slow = openBody();
  const arriving = room.put(id, 2, slow.body).catch((error: unknown) => error);
  await slow.begun;
  expire(room);
  slow.break();

  expect(String(await arriving)).toContain("cut");
  room.store.clock.advance(room.deps().limits.ttlMs);
  expect(await sweep(room)).toBe(0);
  const second = await room.put(id, 2, some);
  await room.complete(id, [first, second]);
});

test("an upload that expired before a part arrived refuses the part and is deleted by the next sweep", async () => {
  await using room = await openRoom();
  const id = await room.initiate();
  await room.put(id, 1, some);
  expire(room);

  const refusal = await refusalOf(room.put(id, 2, some));

  expect(refusal).toMatchObject({ situation: "MULTIPART_STATE", detail: { state: "expired" } });
  expect(room.deps().arrivals.ids()).toEqual([]);
  expect(await sweep(room)).toBe(1);
});

test("while the clock is in doubt, parts and completions are accepted, and a completion can be repeated", async () => {
  await using room = await openRoom();
  const id = await room.initiate();
  const first = await room.put(id, 1, some);
  expire(room);
  const doubting = { ...room.deps(), ageNow: () => null };
  const inDoubt = { ...room, deps: () => doubting };

  expect(await sweep(inDoubt)).toBe(0);
  const key = room.key(id);
  const put = { key, number: 2, body: null, length: null, digests: [] };
  const { etag } = await putPart(doubting, put);
  const parts = [first, { number: 2, etag }];
  const completion = { key, parts, digest: null, allows: () => true };
  const { record } = await completeMultipart(doubting, completion);
  expire(room);
  const repeated = await completeMultipart(doubting, completion);

  expect(repeated).toEqual({ record, isRepeated: true });
});

test("aborting an upload ends its arriving part, however long the client is silent", async () => {
  await using room = await openRoom();
  const id = await room.initiate();
  const silent = openBody();
  const arriving = refusalOf(room.put(id, 1, silent.body));
  await silent.begun;

  await room.abort(id);

  expect(await arriving).toMatchObject({ situation: "MULTIPART_UNKNOWN" });
  expect(await Array.fromAsync(room.deps().storage.parts.list())).toEqual([]);
});

test("an upload is kept until the last of its arriving parts has ended", async () => {
  const arrivals = new Arrivals();
  const id = makeUploadId("0190a0a0-0000-7000-8000-000000000000");
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen = [arrivals.has(id)];
  const both = [one, other].map(({ promise }) =>
    arrivals.during(id, () => promise).catch(() => {}),
  );
  seen.push(arrivals.has(id));
  one.resolve();
  await both[0];
  seen.push(arrivals.has(id));
  other.reject(new Error("cut"));
  await both[1];

  expect([...seen, arrivals.has(id)]).toEqual([false, true, true, false]);
});
