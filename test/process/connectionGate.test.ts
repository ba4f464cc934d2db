import { expect, test } from "bun:test";
import { ConnectionGate } from "../../src/process/connectionGate.ts";

/** A gate whose descriptors the test counts. */
function makeGate(limit: number) {
  const state = { used: 0, isOpen: true, keepsReserve: true, closed: 0, told: [] as boolean[] };
  const gate = new ConnectionGate({
    descriptors: {
      limit,
      get used() {
        return state.used;
      },
      get usedWithReserve() {
        return state.used;
      },
      keep: (whole) => {
        state.keepsReserve = whole;
      },
    },
    findValve: async () => ({
      set: (isOpen) => {
        state.isOpen = isOpen;
      },
    }),
    closeIdle: () => {
      state.closed += 1;
    },
    onChange: (isShort) => state.told.push(isShort),
  });
  const lookAt = async (used: number) => {
    state.used = used;
    gate.look();
    await Bun.sleep(0);
    return state;
  };
  return { gate, lookAt, state };
}

test("new connections wait at the limit, and are accepted again some way below it", async () => {
  const { lookAt } = makeGate(120);

  expect(await lookAt(99)).toMatchObject({ isOpen: true, keepsReserve: true, closed: 0 });
  expect(await lookAt(100)).toMatchObject({ isOpen: false, keepsReserve: false, closed: 1 });
  expect(await lookAt(95)).toMatchObject({ isOpen: false, closed: 2 });
  expect(await lookAt(91)).toMatchObject({ isOpen: true, keepsReserve: true, closed: 2 });
  expect((await lookAt(20)).told).toEqual([true, false]);
});

test("a write is refused only while the descriptors it may open exceed the limit", async () => {
  const { gate, lookAt, state } = makeGate(120);

  await lookAt(100);
  expect(() => gate.admit()).not.toThrow();
  state.used = 109;
  expect(() => gate.admit()).toThrow("busy");
  await lookAt(20);
  expect(() => gate.admit()).not.toThrow();
});

test("a process without a known limit accepts every connection", async () => {
  const { gate, lookAt } = makeGate(Number.POSITIVE_INFINITY);

  expect(await lookAt(1_000_000)).toMatchObject({ isOpen: true, told: [] });
  expect(() => gate.admit()).not.toThrow();
});
