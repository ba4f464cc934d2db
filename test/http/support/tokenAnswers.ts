// The answers of the token endpoint. Apart from the others, because only a server with accounts gives them.
import { basic, openClosed } from "./accessRoom.ts";
import { type Ask, send } from "./documentedAnswers.ts";

const wrong = { Authorization: basic("root", "wrong") };
const form = { "Content-Type": "application/x-www-form-urlencoded" };
/** Far more than one address may have at once, also on a machine on which each takes a second: some are forgotten meanwhile. */
const tooMany = 60;

/** The answer of a closed server to a request like this; of several the first 429, or the last one. */
const closed =
  (line: string, headers: Readonly<Record<string, string>>, body: string | null, most = 1): Ask =>
  async () => {
    await using room = await openClosed();
    const ask = () => room.registry.raw(line, Object.entries(headers), body);
    let answer = await ask();
    for (let asked = 1; asked < most && answer.status !== 429; asked += 1) answer = await ask();
    return answer;
  };

const byMethod = (method: string, id: string): Readonly<Record<string, Ask>> => ({
  [`${id} 200`]: closed(`${method} /v2/token`, { Authorization: basic("root") }, null),
  [`${id} 401`]: closed(`${method} /v2/token`, wrong, null),
  [`${id} 404`]: send(`${method} /v2/token`),
  [`${id} 429`]: closed(`${method} /v2/token`, wrong, null, tooMany),
});

const login = (password: string): string =>
  `grant_type=password&username=root&password=${encodeURIComponent(password)}`;

export const tokenAnswers: Readonly<Record<string, Ask>> = {
  ...byMethod("GET", "getToken"),
  ...byMethod("HEAD", "headToken"),
  "postToken 200": closed("POST /v2/token", form, login("correct horse battery")),
  "postToken 401": closed("POST /v2/token", form, login("wrong")),
  "postToken 404": send("POST /v2/token", form, "grant_type=password"),
  "postToken 429": closed("POST /v2/token", form, login("wrong"), tooMany),
};
