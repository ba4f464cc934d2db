// The certificate of a server, as its configuration asks for it.

import type { Config } from "./config/settings.ts";
import { readPem, tlsMode } from "./config/tls.ts";
import { type AcmeOptions, acmeSource } from "./tls/acmeSource.ts";
import { challengePort } from "./tls/challenges.ts";
import { CertificateKeeper, type KeeperOptions } from "./tls/keeper.ts";
import { CertificateError } from "./tls/material.ts";
import { type CertificateSource, filesSource, selfSignedSource } from "./tls/source.ts";

/** A keeper that has a certificate, and the CA that `/ca.crt` serves. */
export interface OpenedCertificate {
  readonly keeper: CertificateKeeper;
  readonly authority: string | null;
}

/** Call it while the data directory is held. @returns null for plain HTTP. @throws CertificateError, or what the disk answers. */
export async function openCertificate(
  config: Config,
  { clock, log }: Omit<KeeperOptions, "source">,
): Promise<OpenedCertificate | null> {
  const source = await sourceOf(config, { clock, log });
  if (source === null) return null;
  return {
    keeper: await CertificateKeeper.open({ source, clock, log }),
    authority: source.authority,
  };
}

async function sourceOf(
  config: Config,
  { clock, log }: Omit<KeeperOptions, "source">,
): Promise<CertificateSource | null> {
  const clientCa = config["http.tls.clientCa"];
  const readClientCa = () => (clientCa === "" ? null : read(clientCa));
  switch (tlsMode(config)) {
    case "off":
      return null;
    case "files": {
      const paths = { certificate: config["http.tls.certificate"], key: config["http.tls.key"] };
      return filesSource({ ...paths, clientCa }, readClientCa, read);
    }
    case "acme":
      return acmeSource({ ...acmeOptions(config, { clock, log }), readClientCa, clientCa });
    case "self-signed":
      return selfSignedSource({
        data: config.data,
        clock,
        readClientCa,
        clientCa,
        known: {
          listenHost: config["http.listen"].host,
          url: config["http.url"],
          further: config["http.tls.hosts"],
        },
      });
  }
}

function acmeOptions(
  config: Config,
  { clock, log }: Omit<KeeperOptions, "source">,
): Omit<AcmeOptions, "readClientCa" | "clientCa"> {
  const request = {
    directory: config["http.tls.acme.directory"],
    email: config["http.tls.acme.email"],
    hosts: config["http.tls.acme.hosts"],
  };
  return {
    ...{ data: config.data, request, clock },
    answerChallenges: challengePort(config["http.tls.acme.listen"]),
    onOrder: () =>
      log.info({ hosts: request.hosts, ca: request.directory }, "ordering a certificate"),
    onFailure: (reason, nextAt) => {
      const next = new Date(nextAt).toISOString();
      log.error({ reason, next }, "no certificate was ordered");
    },
  };
}

function read(path: string): string {
  try {
    return readPem(path);
  } catch (error) {
    throw new CertificateError(`${path} ${error instanceof Error ? error.message : error}`);
  }
}
