import { Der, TAG, context } from '../asn1/der';
import { readTime } from '../asn1/time';
import { integer } from '../asn1/write';
import { equalBytes } from '../bytes';
import { SignatureFormatError } from '../errors';
import { OID } from '../oids';
import type { Work } from '../work';
import { readSigned, type Signed } from './certificate';
import { readExtensions, type Extensions } from './extensions';
import { readName, type Name } from './name';
import { pemBlocks } from './pem';

/** CRLReason, RFC 5280 §5.3.1; the position is the code, 7 is not used. */
export const CRL_REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'unspecified',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
export type CrlReason = (typeof CRL_REASONS)[number];

/** A certificate revocation list (RFC 5280 §5), complete or delta; entries are searched in place, not unpacked. */
export interface Crl {
  readonly der: Uint8Array;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly crlNumber: bigint | undefined;
  /** BaseCRLNumber when this is a delta. */
  readonly deltaBase: bigint | undefined;
  /** Critical extensions that change the meaning in ways the engine does not follow. */
  readonly unknownCritical: readonly string[];
  readonly signed: Signed;
  readonly entries: Der | undefined;
}

export interface CrlEntry {
  readonly revokedAt: Date;
  readonly reason: CrlReason;
  readonly invalidityDate: Date | undefined;
}

const UNDERSTOOD: ReadonlySet<string> = new Set([OID.deltaCrlIndicator, OID.crlNumber, OID.authorityKeyIdentifier]);

/** Parses one DER CRL. Throws SignatureFormatError when it is not one. */
export function parseCrl(der: Uint8Array, work?: Work): Crl {
  work?.spend('structureBytes', der.length);
  const element = Der.parse(der);
  const { tbs, signed, inner } = readSigned(element, 'CertificateList');
  const fields = tbs.fields('TBSCertList');
  fields.optional(TAG.INTEGER);
  inner(fields.next(TAG.SEQUENCE));
  const issuer = readName(fields.next());
  const thisUpdate = readTime(fields.next());
  const next = fields.optional(TAG.UTC_TIME, TAG.GENERALIZED_TIME);
  const entries = fields.optional(TAG.SEQUENCE);
  const wrapped = fields.optional(context(0))?.children[0];
  fields.done();
  const extensions: Extensions = wrapped ? readExtensions(wrapped) : new Map();
  return {
    der,
    issuer,
    thisUpdate,
    nextUpdate: next && readTime(next),
    crlNumber: readNumber(extensions, OID.crlNumber),
    deltaBase: readNumber(extensions, OID.deltaCrlIndicator),
    unknownCritical: [...extensions].filter(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid)).map(([oid]) => oid),
    signed,
    entries,
  };
}

/** Reads a CRL file: DER or PEM. */
export function readCrlFile(file: Uint8Array, work?: Work): Crl {
  if (file[0] === TAG.SEQUENCE) return parseCrl(file, work);
  const block = pemBlocks(Buffer.from(file).toString('latin1'), 'X509 CRL')[0];
  if (!block) throw new SignatureFormatError('structure.not_der', 'The file holds no certificate revocation list');
  return parseCrl(block, work);
}

/** The entries of a serial number, none when the list does not name it. */
export function findEntries(crl: Crl, serial: bigint): CrlEntry[] {
  const found: CrlEntry[] = [];
  if (!crl.entries) return found;
  const wanted = Buffer.from(integer(serial));
  // Lists are megabytes long and ask after few: where the octets of the number do not occur at all, no entry is looked at.
  const { value } = crl.entries;
  if (!Buffer.from(value.buffer, value.byteOffset, value.length).includes(wanted)) return found;
  for (const item of crl.entries.members()) {
    const number = item.members().next().value as Der | undefined;
    if (number && equalBytes(number.bytes, wanted)) found.push(readEntry(item));
  }
  return found;
}

function readEntry(item: Der): CrlEntry {
  const fields = item.fields('revokedCertificate');
  fields.next(TAG.INTEGER);
  const revokedAt = readTime(fields.next());
  const wrapped = fields.optional(TAG.SEQUENCE);
  const extensions: Extensions = wrapped ? readExtensions(wrapped) : new Map();
  const reason = extensions.get(OID.reasonCode);
  const invalidity = extensions.get(OID.invalidityDate);
  const code = reason ? Der.parse(reason.value).expect(TAG.ENUMERATED, 'reasonCode').value[0] : 0;
  return {
    revokedAt,
    reason: CRL_REASONS[code ?? 0] ?? 'unspecified',
    invalidityDate: invalidity && readTime(Der.parse(invalidity.value)),
  };
}

function readNumber(extensions: Extensions, oid: string): bigint | undefined {
  const extension = extensions.get(oid);
  return extension && Der.parse(extension.value).integer();
}
