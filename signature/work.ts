import { digest, type DigestName } from './digests';
import { SignatureFormatError } from './errors';

/** What a piece of work on hostile bytes may cost in all. */
export interface WorkLimits {
  readonly signers: number;
  /** Certificates read, wherever they stand. */
  readonly certificates: number;
  /** Time-stamp tokens read. */
  readonly tokens: number;
  /** Signatures computed with a public key, each different one once. */
  readonly publicKeyOperations: number;
  /** Octets of structure walked through; the attached document is none. */
  readonly structureBytes: number;
  /** Octets hashed, weighed by how slow the digest is: one octet of SHA-256 is 1. */
  readonly hashing: number;
  /** Values of a container that brings signatures along: objects of a PDF and their members, lines of a log. */
  readonly values: number;
  /** Octets that come out of packed streams and entries. */
  readonly unpackedBytes: number;
}

/**
 * What one CMS may cost: a contract of 128 signers with all their proofs needs some 650 operations, with two renewals 1,200. Two seconds
 * of one processor at the most.
 */
export const CMS_LIMITS: WorkLimits = {
  signers: 128,
  certificates: 1_024,
  tokens: 512,
  publicKeyOperations: 1_500,
  structureBytes: 64 * 1024 * 1024,
  hashing: 2 * 1024 ** 3,
  values: 0,
  unpackedBytes: 0,
};

const MIB = 1024 * 1024;

/**
 * What a card or a pack of this many octets may cost, all its signatures together. Four hundred signatures with their proofs need less;
 * streams of a document unpack to forty times their size at the most, and to no more than memory has room for.
 */
export const containerLimits = (bytes: number): WorkLimits => ({
  signers: 1_000,
  certificates: 8_192,
  tokens: 2_048,
  publicKeyOperations: 3_000,
  structureBytes: 128 * MIB + 8 * bytes,
  hashing: 3 * 1024 ** 3,
  values: 1_000_000,
  unpackedBytes: Math.min(16 * MIB + 40 * bytes, 128 * MIB + 2 * bytes),
});

/** How much slower than SHA-256 each digest is, measured. */
const WEIGHT: Readonly<Record<DigestName, number>> = {
  sha1: 1,
  sha256: 1,
  sha384: 3,
  sha512: 3,
  streebog256: 14,
  streebog512: 14,
  gost34311: 86,
};

/**
 * The one account of what looking at a file costs. It is passed through everything that verification does, counts the same for the same
 * bytes whatever was computed before, and ends the work with `structure.too_costly`.
 */
export class Work {
  private readonly spentOn = new Map<keyof WorkLimits, number>();
  private readonly operations = new WeakMap<object, Set<string>>();
  private readonly made = new WeakMap<ArrayBufferLike, Map<string, unknown>>();

  constructor(private readonly limits: WorkLimits = CMS_LIMITS) {}

  /** How much has gone into something so far. */
  spent(what: keyof WorkLimits): number {
    return this.spentOn.get(what) ?? 0;
  }

  /** How much may still go into something. */
  left(what: keyof WorkLimits): number {
    return Math.max(0, this.limits[what] - this.spent(what));
  }

  /** Takes from the budget. Throws SignatureFormatError `structure.too_costly` when nothing is left. */
  spend(what: keyof WorkLimits, amount = 1): void {
    const total = this.spent(what) + amount;
    this.spentOn.set(what, total);
    if (total > this.limits[what])
      throw new SignatureFormatError('structure.too_costly', `The file asks for more work than any honest one (${what})`);
  }

  /** A signature about to be computed: `about` is what was signed, `key` names who signed. The same one again costs nothing. */
  operation(about: object, key: string): void {
    const known = this.operations.get(about) ?? new Set();
    this.operations.set(about, known);
    if (known.has(key)) return;
    known.add(key);
    this.spend('publicKeyOperations');
  }

  /** Octets about to be hashed. */
  hash(name: DigestName, octets: number): void {
    this.spend('hashing', octets * WEIGHT[name]);
  }

  /** The digest of a view of the bytes under work; of the same view once. */
  digest(name: DigestName, bytes: Uint8Array): Uint8Array {
    return this.once(name, bytes, () => {
      this.hash(name, bytes.length);
      return digest(name, bytes);
    });
  }

  /** What is made out of a view of the bytes, made once. */
  once<T>(what: string, bytes: Uint8Array, make: () => T): T {
    const known = this.made.get(bytes.buffer) ?? new Map<string, unknown>();
    this.made.set(bytes.buffer, known);
    const key = `${what} ${bytes.byteOffset} ${bytes.length}`;
    if (known.has(key)) return known.get(key) as T;
    const value = make();
    known.set(key, value);
    return value;
  }
}
