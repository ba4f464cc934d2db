// Where a server's certificate comes from: files of the operator's, or a CA of its own. Each look reads or makes what holds now.
import { hostname, networkInterfaces } from "node:os";
import { isDue, makeAuthority, makeServerPair, type Pair } from "./authority.ts";
import {
  readAuthority,
  readServerPair,
  tlsPaths,
  writeAuthority,
  writeServerPair,
} from "./folder.ts";
import { hostNames, missingNames, type Surroundings } from "./hostNames.ts";
import {
  assertPair,
  CertificateError,
  type Judged,
  judge,
  type Material,
  type Places,
} from "./material.ts";

/** Gives a server its certificate. */
export interface CertificateSource {
  /** @returns what is to be used now. @throws CertificateError, or what the disk answers. */
  look(): Promise<Judged>;
  /** The server's own CA, as PEM; null when another CA signed the certificate. */
  readonly authority: string | null;
}

/** Reads a text file. @throws CertificateError */
export type ReadText = (path: string) => string;

/** Certificate, key and perhaps the CAs of clients, in files. They may be replaced at any time. */
export function filesSource(
  places: Places,
  readClientCa: () => string | null,
  read: ReadText,
): CertificateSource {
  let last: Judged | null = null;
  return {
    authority: null,
    look: async () => {
      const material: Material = {
        certificate: read(places.certificate),
        key: read(places.key),
        clientCa: readClientCa(),
      };
      if (last === null || !isSame(last.material, material)) last = judge(material, places);
      return last;
    },
  };
}

/** What a server signs its own certificate with and for. */
export interface SelfSignedOptions {
  /** Data directory. */
  readonly data: string;
  readonly clock: () => number;
  readonly readClientCa: () => string | null;
  /** The path that it reads. */
  readonly clientCa: string;
  /** What the operator and the configuration name. */
  readonly known: Pick<Surroundings, "listenHost" | "url" | "further">;
}

/** A CA, made once, and a certificate for this machine, made again when its time ends or when the machine has further names. */
export async function selfSignedSource(options: SelfSignedOptions): Promise<CertificateSource> {
  const { data, clock, readClientCa, clientCa: clientPlace, known } = options;
  const authority = readAuthority(data) ?? (await newAuthority(data, clock()));
  const { server, authority: place, authorityKey } = tlsPaths(data);
  const places: Places = { certificate: server, key: server, clientCa: clientPlace };
  assertPair(authority, { certificate: place, key: authorityKey });
  let last = readLast(data, places);
  return {
    authority: authority.certificate,
    look: async () => {
      const names = hostNames({ ...known, ...machine() });
      const clientCa = readClientCa();
      if (last === null || isOld(last, { names, authority, now: clock() })) {
        const pair = await makeServerPair(authority, names, clock());
        keep(data, pair);
        last = judge({ ...pair, clientCa }, places);
      } else if (last.material.clientCa !== clientCa) {
        last = judge({ ...last.material, clientCa }, places);
      }
      return last;
    },
  };
}

async function newAuthority(data: string, now: number): Promise<Pair> {
  const authority = await makeAuthority(`Breadbox CA (${hostname()})`, now);
  writeAuthority(data, authority);
  return authority;
}

/** For the next start, and for `trust-ca`. A full disk must not keep the server from using it. */
function keep(data: string, pair: Pair): void {
  try {
    writeServerPair(data, pair);
  } catch {
    // The next start makes another one.
  }
}

/** One that is damaged is made again. */
function readLast(data: string, places: Places): Judged | null {
  const pair = readServerPair(data);
  try {
    return pair === null ? null : judge({ ...pair, clientCa: null }, places);
  } catch (error) {
    if (error instanceof CertificateError) return null;
    throw error;
  }
}

interface Wanted {
  readonly names: readonly string[];
  readonly authority: Pair;
  readonly now: number;
}

function isOld(last: Judged, { names, authority, now }: Wanted): boolean {
  return (
    isDue(last, now) ||
    missingNames(names, last.names).length > 0 ||
    !last.isIssuedBy(authority.certificate)
  );
}

function machine(): Pick<Surroundings, "hostName" | "addresses"> {
  const interfaces = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return { hostName: hostname(), addresses: interfaces.map(({ address }) => address) };
}

/** True when nothing has to be done. */
export function isSame(a: Material, b: Material): boolean {
  return a.certificate === b.certificate && a.key === b.key && a.clientCa === b.clientCa;
}
