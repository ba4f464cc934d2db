// Parts of a whole as values of settings.
import { type Kind, ValueError } from "./values.ts";

/** A part of a whole, from 0 to 1: `0.25` or `25%`. */
export const share: Kind<number> = {
  parse(text) {
    const [, amount, percent] = /^(\d+(?:\.\d+)?)( ?%)?$/.exec(text) ?? [];
    if (amount === undefined) throw new ValueError('is not a share. Examples: "25%", 0.25.');
    // Divided, not multiplied: 0.29 is 29 / 100.
    const value = percent === undefined ? Number(amount) : Number(amount) / 100;
    if (value > 1) throw new ValueError("is more than the whole, 1 or 100%.");
    return value;
  },
  show: (value) => value,
};
