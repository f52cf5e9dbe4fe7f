import { createHash, type Hash } from 'node:crypto';
import { Gost34311 } from './gost/gost34311';
import type { Hasher } from './gost/hasher';
import { createStreebog } from './gost/streebog-fast';
import { OID } from './oids';

export const DIGEST_NAMES = ['sha1', 'sha256', 'sha384', 'sha512', 'streebog256', 'streebog512', 'gost34311'] as const;
export type DigestName = (typeof DIGEST_NAMES)[number];
export type Digests = Partial<Record<DigestName, Uint8Array>>;

/** Object identifiers of the digests, RFC 5754 and the arc of Kazakhstan. */
export const DIGEST_OIDS: Readonly<Record<DigestName, string>> = {
  sha1: OID.sha1,
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
  streebog256: OID.streebog256,
  streebog512: OID.streebog512,
  gost34311: OID.gost34311,
};

const BY_OID = new Map(DIGEST_NAMES.map((name) => [DIGEST_OIDS[name], name]));

/** The digest an AlgorithmIdentifier names, undefined when the engine does not know it. */
export function digestByOid(oid: string): DigestName | undefined {
  return BY_OID.get(oid);
}

/** A fresh incremental digest. */
export function createHasher(name: DigestName): Hasher {
  switch (name) {
    case 'streebog256':
      return createStreebog(256);
    case 'streebog512':
      return createStreebog(512);
    case 'gost34311':
      return new Gost34311();
    case 'sha1':
    case 'sha256':
    case 'sha384':
    case 'sha512':
      return new NodeHasher(createHash(name));
  }
}

/** Digest of bytes at hand. */
export function digest(name: DigestName, data: Uint8Array): Uint8Array {
  return createHasher(name).update(data).digest();
}

/** Several digests of one stream: what an upload or a command line feeds while the bytes pass by once. */
export class DigestSet {
  private readonly hashers: readonly (readonly [DigestName, Hasher])[];

  constructor(names: Iterable<DigestName>) {
    this.hashers = [...new Set(names)].map((name) => [name, createHasher(name)]);
  }

  update(data: Uint8Array): this {
    for (const [, hasher] of this.hashers) hasher.update(data);
    return this;
  }

  /** All digests; the set must not be fed afterwards. */
  digests(): Digests {
    return Object.fromEntries(this.hashers.map(([name, hasher]) => [name, hasher.digest()]));
  }
}

class NodeHasher implements Hasher {
  constructor(private readonly hash: Hash) {}

  update(data: Uint8Array): this {
    this.hash.update(data);
    return this;
  }

  digest(): Uint8Array {
    return Uint8Array.from(this.hash.digest());
  }
}
