// Part of the explorer's page, before its script. The explorer escapes the values it puts into a path, as OpenAPI wants it; a
// registry's addresses carry them plainly (`/v2/team/app/blobs/sha256:…`), and this server refuses them escaped.
(() => {
  const send = window.fetch.bind(window);

  const plain = (address) => {
    const url = new URL(address, window.location.href);
    const ours = url.origin === window.location.origin && url.pathname.startsWith("/v2/");
    if (!ours) return address;
    url.pathname = url.pathname.replaceAll(/%2f/gi, "/").replaceAll(/%3a/gi, ":");
    return url.href;
  };

  const plainRequest = async (request) => {
    const address = plain(request.url);
    if (address === request.url) return request;
    const { method, headers, signal, credentials, cache, redirect } = request;
    // A body that streams needs HTTP/2, which browsers speak only over TLS.
    const bytes = request.body === null ? null : await request.arrayBuffer();
    return new Request(address, {
      ...{ method, headers, signal, credentials, cache, redirect },
      ...(bytes !== null && { body: bytes }),
    });
  };

  window.fetch = async (input, init) => {
    if (!(input instanceof Request)) return send(plain(String(input)), init);
    return send(await plainRequest(init === undefined ? input : new Request(input, init)));
  };
})();
