import { enclosedEvidence } from '../cms/enclosed';
import { parseSignedData } from '../cms/signed-data';
import type { Certificate } from '../x509/certificate';

/** All certificates a CMS brings along: its own, those of its time-stamps and of the answers of responders. Throws SignatureFormatError. */
export function certificatesOf(cms: Uint8Array): Certificate[] {
  const { certificates, ocsp } = enclosedEvidence(parseSignedData(cms));
  return [...certificates, ...ocsp.flatMap((response) => response.basic?.certificates ?? [])];
}
