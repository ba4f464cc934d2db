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
    valve: {
      set: (isOpen) => {
        state.isOpen = isOpen;
      },
    },
    closeIdle: () => {
      state.closed += 1;
    },
    onChange: (isShort) => state.told.push(isShort),
  });
  gate.close();
  const lookAt = (used: number) => {
    state.used = used;
    gate.look();
    return state;
  };
  return { gate, lookAt, state };
}

test("connections wait from the line on, and are taken again some way below it", () => {
  const { lookAt } = makeGate(120);

  expect(lookAt(99)).toMatchObject({ isOpen: true, keepsReserve: true, closed: 0 });
  expect(lookAt(100)).toMatchObject({ isOpen: false, keepsReserve: false, closed: 1 });
  expect(lookAt(95)).toMatchObject({ isOpen: false, closed: 2 });
  expect(lookAt(91)).toMatchObject({ isOpen: true, keepsReserve: true, closed: 2 });
  expect(lookAt(20).told).toEqual([true, false]);
});

test("a write is refused only while what it may open would not fit", () => {
  const { gate, lookAt, state } = makeGate(120);

  lookAt(100);
  expect(() => gate.admit()).not.toThrow();
  state.used = 109;
  expect(() => gate.admit()).toThrow("busy");
  lookAt(20);
  expect(() => gate.admit()).not.toThrow();
});

test("a process without a known limit takes every connection", () => {
  const { gate, lookAt } = makeGate(Number.POSITIVE_INFINITY);

  expect(lookAt(1_000_000)).toMatchObject({ isOpen: true, told: [] });
  expect(() => gate.admit()).not.toThrow();
});
