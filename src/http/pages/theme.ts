// The switch between light and dark: a form, so that it works without scripts, and a cookie, so that no page flashes.
import { readTheme } from "../../pages/frame.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { seeOther, themeCookie } from "./answer.ts";
import { readForm, safeNext } from "./forms.ts";

/** Seconds. */
const oneYear = 365 * 86_400;

async function setTheme(context: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(context, services);
  const theme = readTheme(form.get("theme"));
  return seeOther(safeNext(form.get("back")), {
    "set-cookie": `${themeCookie}=${theme}; Path=/; Max-Age=${oneYear}; SameSite=Lax; HttpOnly`,
  });
}

/** `/theme`. */
export const themeOperations = operation({
  id: "setTheme",
  method: "POST",
  path: "/theme",
  // It changes nothing here, so no switch of the operator stops it.
  action: "login",
  target: "server",
  needs: "nothing",
  tag: "operations",
  summary: "Choose the colours of the pages",
  doc: null,
  handle: setTheme,
});
