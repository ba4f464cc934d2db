// The settings of TLS: a part of the table in settings.ts.
import { listenAddress } from "./listen.ts";
import { listOf } from "./lists.ts";
import { setting } from "./setting.ts";
import { directoryUrl, mailAddress, selfSigned, tlsHost } from "./tls.ts";
import { oneOf, optionalPath } from "./values.ts";

/** Names of distribution; it takes older ones than Breadbox does. */
const versions = { "tls1.0": "1.2", "tls1.1": "1.2", "tls1.2": "1.2", "tls1.3": "1.3" };

/** By their place in the file. */
export const tlsSettings = {
  "http.tls.certificate": setting(
    optionalPath,
    "",
    "File with the server's TLS certificate and, after it, those of the intermediate CAs (PEM). With it the server speaks HTTPS only, TLS 1.2 and 1.3. A new file is used within 20 seconds, without a restart; one that cannot be used is logged, and the certificate before it stays.",
    { aliases: [{ name: "REGISTRY_HTTP_TLS_CERTIFICATE" }] },
  ),
  "http.tls.key": setting(
    optionalPath,
    "",
    "File with the private key of `http.tls.certificate` (PEM, without a passphrase).",
    { aliases: [{ name: "REGISTRY_HTTP_TLS_KEY" }] },
  ),
  "http.tls.selfSigned": setting(
    selfSigned,
    "off",
    "Speaks HTTPS with a certificate of the server's own CA. The CA is made at the first start and kept in the data directory (`tls/`); the certificate is for the names and addresses of the machine, and is renewed automatically. Clients have to trust the CA once: `breadbox trust-ca` prints how. As an option: `--tls self-signed`.",
    { flag: { long: "--tls", value: "self-signed" } },
  ),
  "http.tls.hosts": setting(
    listOf(tlsHost),
    "",
    "With `http.tls.selfSigned`: further names and addresses that clients use, such as `nas.lan, *.lab.example, 192.168.1.10`. In a container, the names of the machine around it are not known, so list them here. The names of `http.url` and `http.listen` are always included.",
  ),
  "http.tls.acme.hosts": setting(
    listOf(tlsHost),
    "",
    "Speaks HTTPS with a certificate of a public CA for these names, such as `registry.example.com`, ordered and renewed automatically by ACME. The CA asks port 80 of each name (HTTP-01), from the internet. By naming hosts you agree to the CA's terms of service.",
  ),
  "http.tls.acme.email": setting(
    mailAddress,
    "",
    "Where the CA may write to, such as `ann@example.com`; Let's Encrypt needs none.",
  ),
  "http.tls.acme.directory": setting(
    directoryUrl,
    "https://acme-v02.api.letsencrypt.org/directory",
    "The CA: the URL of its ACME directory.",
  ),
  "http.tls.acme.listen": setting(
    listenAddress,
    ":80",
    "Address that answers the CA. It is open only during an order; the CA always asks port 80, so that another port needs something that forwards to it.",
  ),
  "http.tls.minVersion": setting(
    oneOf("1.2", "1.3"),
    "1.2",
    "Oldest version of TLS that is spoken: `1.2` or `1.3`. Docker, Podman and containerd of the last years speak 1.3.",
    { aliases: [{ name: "REGISTRY_HTTP_TLS_MINIMUMTLS", values: versions }] },
  ),
  "http.tls.clientCa": setting(
    optionalPath,
    "",
    "File with CA certificates (PEM). Clients must then show a certificate that one of them signed; connections of others are closed.",
    { aliases: [{ name: "REGISTRY_HTTP_TLS_CLIENTCAS_0" }] },
  ),
} as const;
