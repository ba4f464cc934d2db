// URLs under which a server is reached: scheme, host and perhaps a port.
import { type Kind, ValueError } from "./values.ts";

const examples = "Examples: https://registry.example.com, http://registry.lan:5000.";

/** `https://host` or `http://host:port`; nothing for a URL that is not known. */
export const serverUrl: Kind<string> = {
  parse(text) {
    if (text === "") return text;
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new ValueError(`is no URL that begins with http:// or https://. ${examples}`);
    }
    if (url.username !== "" || url.password !== "") {
      throw new ValueError(`holds a user or a password: leave them out. ${examples}`);
    }
    if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
      throw new ValueError(`has more than scheme, host and port. ${examples}`);
    }
    return url.origin;
  },
  show: (value) => value,
};
