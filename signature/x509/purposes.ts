import { OID } from '../oids';
import type { Certificate } from './certificate';

/**
 * What the first certificate of a path may be used for: its own extended key usages as far as every authority above it allows them; an
 * authority that names none allows all. Undefined when nobody names any.
 */
export function permittedPurposes(path: readonly Certificate[]): readonly string[] | undefined {
  return path
    .map((certificate) => certificate.extendedKeyUsage)
    .reduce((own, above) => (above ? (own ? both(own, above) : above) : own), undefined);
}

/** What both allow; who names "any" allows everything the other does. */
function both(own: readonly string[], above: readonly string[]): readonly string[] {
  if (above.includes(OID.anyPurpose)) return own;
  return own.includes(OID.anyPurpose) ? above : own.filter((purpose) => above.includes(purpose));
}
