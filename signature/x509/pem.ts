import { SignatureFormatError } from '../errors';
import { parseCertificate, type Certificate } from './certificate';

/** All blocks of one PEM label in a text, decoded. */
export function pemBlocks(text: string, label: string): Uint8Array[] {
  const form = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, 'g');
  return [...text.matchAll(form)].map((match) => Uint8Array.from(Buffer.from(match[1]!, 'base64')));
}

/** Certificates of a file that is PEM (one or several) or one DER certificate. */
export function readCertificates(file: Uint8Array): Certificate[] {
  if (file[0] === 0x30) return [parseCertificate(file)];
  const blocks = pemBlocks(Buffer.from(file).toString('latin1'), 'CERTIFICATE');
  if (blocks.length === 0) throw new SignatureFormatError('structure.not_der', 'The file holds no certificate');
  return blocks.map((block) => parseCertificate(block));
}

/** PEM text of one block, 64 columns. */
export function toPem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}-----END ${label}-----\n`;
}
