import { describe, expect, test } from "bun:test";
import { ReceiveMemory, type Room } from "../../src/storage/filesystem/receiveMemory.ts";
import { waitFor } from "../support/processes.ts";

/** Asks for so many rooms, in turn. @returns those that were given so far. */
function ask(memory: ReceiveMemory, count: number): Room[] {
  const given: Room[] = [];
  for (let asked = 0; asked < count; asked += 1) {
    void memory.room().then((room) => given.push(room));
  }
  return given;
}

const soon = () => Bun.sleep(0);

describe("memory for received bytes", () => {
  test("a ninth batch waits until one of eight is written", async () => {
    const rooms = ask(new ReceiveMemory(), 9);
    await soon();
    for (const room of rooms) room.keep();
    expect(rooms).toHaveLength(8);

    rooms[3]?.giveBack();
    rooms[3]?.giveBack();
    await soon();

    expect(rooms).toHaveLength(9);
    for (const room of rooms) room.giveBack();
  });

  test("slow senders do not keep others waiting", async () => {
    const rooms = ask(new ReceiveMemory(), 20);

    await waitFor("rooms that nobody fills", () => rooms.length === 20);

    for (const room of rooms) room.giveBack();
  });

  test("a batch on its way counts, also when its sender was silent before", async () => {
    const memory = new ReceiveMemory();
    const slow = await memory.room();
    const others = ask(memory, 8);
    await waitFor("the room of the silent sender", () => others.length === 8);
    for (const room of others) room.keep();
    slow.keep();

    const next = ask(memory, 1);
    others[0]?.giveBack();
    await soon();
    expect(next).toHaveLength(0);

    slow.giveBack();
    await soon();
    expect(next).toHaveLength(1);
    for (const room of [...others, ...next]) room.giveBack();
  });

  test("whoever gathers writes once all together have 16 MiB", () => {
    const memory = new ReceiveMemory();
    memory.gather(16 * 2 ** 20);
    expect(memory.isCrowded).toBe(false);
    memory.gather(1);
    expect(memory.isCrowded).toBe(true);
    memory.gather(-1);
    expect(memory.isCrowded).toBe(false);
  });
});
