import { context, Der, TAG } from '../asn1/der';
import { sequence } from '../asn1/write';
import { malformed } from '../errors';
import { OID } from '../oids';
import type { Certificate } from './certificate';
import { readName, type Name } from './name';

/** Tags of the forms of GeneralName (RFC 5280 §4.2.1.6) that constraints are applied to. */
const FORMS = { email: context(1, false), dns: context(2, false), directory: context(4) } as const;

/** What a certificate says of its owner beside the subject. */
export interface AlternativeNames {
  readonly emails: readonly string[];
  readonly dns: readonly string[];
  readonly directory: readonly Name[];
  /** Tags of all forms present, those that are not read among them. */
  readonly forms: ReadonlySet<number>;
}

type Base = { readonly tag: number; readonly text: string } | { readonly tag: number; readonly name: readonly string[] };

/** Names an authority may certify, and names it may not (RFC 5280 §4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly Base[];
  readonly excluded: readonly Base[];
  /** A subtree with limits that nobody uses, and that are not applied: nothing the authority certifies can be relied on. */
  readonly isUnsupported: boolean;
}

/** Reads SubjectAltName. Throws SignatureFormatError. */
export function readAlternativeNames(element: Der | undefined): AlternativeNames {
  const names = element?.children ?? [];
  const texts = (tag: number): string[] => names.filter((name) => name.tag === tag).map(latin1);
  return {
    emails: texts(FORMS.email),
    dns: texts(FORMS.dns),
    directory: names.flatMap((name) => (name.tag === FORMS.directory && name.children[0] ? [readName(name.children[0])] : [])),
    forms: new Set(names.map((name) => name.tag)),
  };
}

/** Reads NameConstraints. Throws SignatureFormatError. */
export function readNameConstraints(element: Der): NameConstraints {
  const fields = element.expect(TAG.SEQUENCE, 'NameConstraints').fields('NameConstraints');
  let isUnsupported = false;
  const bases = (trees: Der | undefined): Base[] =>
    (trees?.children ?? []).map((tree) => {
      const [base, ...limits] = tree.expect(TAG.SEQUENCE, 'GeneralSubtree').children;
      if (!base) throw malformed('GeneralSubtree has no base');
      isUnsupported ||= limits.length > 0; // RFC 5280: minimum is 0 (left out in DER), maximum absent
      return base.tag === FORMS.directory
        ? { tag: base.tag, name: parts(readName(base.children[0] ?? base)) }
        : { tag: base.tag, text: latin1(base) };
    });
  const permitted = bases(fields.optional(context(0)));
  const excluded = bases(fields.optional(context(1)));
  fields.done();
  return { permitted, excluded, isUnsupported };
}

/** What an authority's constraints say of the names of a certificate below it. `unsupported`: it has a name of a form that is constrained but not read. */
export function checkNames(
  { permitted, excluded, isUnsupported }: NameConstraints,
  certificate: Certificate,
): 'good' | 'bad' | 'unsupported' {
  if (isUnsupported) return 'unsupported';
  const { alternativeNames: alternative, subject } = certificate;
  const inSubject = subject.attributes.filter(({ type }) => type === OID.emailAddress).map(({ value }) => value);
  const names: readonly Base[] = [
    ...(subject.attributes.length > 0 ? [subject] : [])
      .concat(alternative.directory)
      .map((name) => ({ tag: FORMS.directory, name: parts(name) })),
    ...(alternative.emails.length > 0 ? alternative.emails : inSubject).map((text) => ({ tag: FORMS.email, text })),
    ...alternative.dns.map((text) => ({ tag: FORMS.dns, text })),
  ];
  const known: readonly number[] = Object.values(FORMS);
  if ([...permitted, ...excluded].some(({ tag }) => !known.includes(tag) && alternative.forms.has(tag))) return 'unsupported';
  const isBad = names.some((name) => {
    const allowed = permitted.filter(({ tag }) => tag === name.tag);
    return excluded.some((base) => lies(name, base)) || (allowed.length > 0 && !allowed.some((base) => lies(name, base)));
  });
  return isBad ? 'bad' : 'good';
}

/** Whether a name lies within a subtree of its own form. */
function lies(name: Base, base: Base): boolean {
  if (name.tag !== base.tag) return false;
  if ('name' in name) return 'name' in base && base.name.every((part, i) => name.name[i] === part);
  if (!('text' in base)) return false;
  const [given, wanted] = [name.text.toLowerCase(), base.text.toLowerCase()];
  return name.tag === FORMS.dns ? liesInDomain(given, wanted) : emailLies(given, wanted);
}

/** A domain and everything below it; the empty one holds all. */
const liesInDomain = (name: string, domain: string): boolean =>
  domain === '' || name === domain.replace(/^\./, '') || name.endsWith(domain.startsWith('.') ? domain : `.${domain}`);

/** A mailbox itself, all of a host, or (with a point in front) all hosts of a domain. */
function emailLies(address: string, base: string): boolean {
  if (base.includes('@')) return address === base;
  const host = address.slice(address.lastIndexOf('@') + 1);
  return base.startsWith('.') ? host.endsWith(base) : base === '' || host === base;
}

/** RDNs as people compare them (RFC 5280 §7.1): without regard to letter case, kind of string and repeated spaces. */
function parts(name: Name): string[] {
  return Der.parse(name.der).children.map((set) => {
    const pairs = readName(Der.parse(sequence(set.bytes))).attributes.map(
      ({ type, value }) => `${type}=${value.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()}`,
    );
    return pairs.sort().join('+');
  });
}

const latin1 = (element: Der): string => Buffer.from(element.value).toString('latin1');
