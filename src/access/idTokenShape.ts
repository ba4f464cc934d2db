// The shape of ID tokens, by which a password is recognised as one. Pure, and without a library: every login with a password asks.

/** Longest ID token, in characters: GitHub's have 2,000, and a header of ours holds 16 KiB. */
export const longestIdToken = 10 * 1024;

const shape = /^ey[\w-]+\.[\w-]+\.[\w-]*$/;

/** True for what has the shape of a JWT, right or wrong: then it is no password, whatever the user name says. */
export function isIdToken(text: string): boolean {
  return text.length <= longestIdToken && shape.test(text);
}
