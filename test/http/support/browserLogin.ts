// What a browser does with the form of `/login`, without a browser.
import { password } from "./accessRoom.ts";

/** What a browser says of a form that a page of this server sends. */
export const ownPage = { "sec-fetch-site": "same-origin" };

/** A form's fields, as sent. */
export const form = (fields: Readonly<Record<string, string>>) =>
  ({
    method: "POST",
    body: new URLSearchParams(fields),
    redirect: "manual",
  }) as const;

/** Sends the form. */
export const logIn = (
  url: string,
  name: string,
  { secret = password, headers = {}, next = "/" } = {},
): Promise<Response> =>
  fetch(`${url}/login`, {
    ...form({ name, password: secret, next }),
    headers: { ...ownPage, ...headers },
  });

/** The value of `Cookie` after an answer; empty when it sets none. */
export const cookieOf = (answer: Response): string =>
  (answer.headers.getSetCookie()[0] ?? "").split(";", 1)[0] ?? "";
