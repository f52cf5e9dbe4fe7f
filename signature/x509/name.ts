import { TAG, type Der } from '../asn1/der';
import { OID } from '../oids';

/** A distinguished name: the exact encoding, for comparison, and the attribute values by type, for people. */
export interface Name {
  readonly der: Uint8Array;
  /** Values of every attribute in order of appearance, keyed by OID. */
  readonly attributes: readonly NameAttribute[];
}

export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/** What a certificate of NUC RK says about its subject; each field may be missing. */
export interface Subject {
  readonly name: string | undefined;
  readonly surname: string | undefined;
  /** GIVENNAME holds the patronymic in certificates of NUC RK. */
  readonly patronymic: string | undefined;
  /** Twelve digits from serialNumber "IIN…". */
  readonly iin: string | undefined;
  readonly organisation: string | undefined;
  /** Twelve digits from OU "BIN…". */
  readonly bin: string | undefined;
  readonly country: string | undefined;
  readonly locality: string | undefined;
  readonly state: string | undefined;
  /** Treasury's role and office, identifier of an information system. */
  readonly domainComponent: string | undefined;
  readonly businessCategory: string | undefined;
  readonly systemId: string | undefined;
}

/** Reads a Name (RFC 5280 §4.1.2.4). */
export function readName(element: Der): Name {
  const attributes = element.expect(TAG.SEQUENCE, 'Name').children.flatMap((set) =>
    set.expect(TAG.SET, 'RelativeDistinguishedName').children.map((pair) => {
      const fields = pair.expect(TAG.SEQUENCE, 'AttributeTypeAndValue').fields('AttributeTypeAndValue');
      return { type: fields.next(TAG.OID).oid(), value: fields.next().text() };
    }),
  );
  return { der: element.bytes, attributes };
}

/** The subject fields people know, found by attribute type, never by position. */
export function readSubject(name: Name): Subject {
  const all = (type: string): string[] => name.attributes.filter((a) => a.type === type).map((a) => a.value);
  const first = (type: string): string | undefined => all(type)[0];
  return {
    name: first(OID.commonName),
    surname: first(OID.surname),
    patronymic: first(OID.givenName),
    iin: numbered(all(OID.serialNumber), /^IIN(\d{12})$/),
    organisation: first(OID.organisation),
    bin: numbered(all(OID.organisationalUnit), /^BIN(\d{12})$/),
    country: first(OID.country),
    locality: first(OID.locality),
    state: first(OID.state),
    domainComponent: first(OID.domainComponent),
    businessCategory: first(OID.businessCategory),
    systemId: first(OID.userId),
  };
}

function numbered(values: string[], form: RegExp): string | undefined {
  for (const value of values) {
    const digits = form.exec(value)?.[1];
    if (digits) return digits;
  }
  return undefined;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  [OID.commonName]: 'CN',
  [OID.surname]: 'SN',
  [OID.serialNumber]: 'SERIALNUMBER',
  [OID.country]: 'C',
  [OID.locality]: 'L',
  [OID.state]: 'ST',
  [OID.organisation]: 'O',
  [OID.organisationalUnit]: 'OU',
  [OID.givenName]: 'GIVENNAME',
  [OID.userId]: 'UID',
  [OID.domainComponent]: 'DC',
  [OID.businessCategory]: 'BUSINESSCATEGORY',
  [OID.emailAddress]: 'E',
};

/** String form of a name in the order of RFC 4514: the last attribute first. */
export function formatName(name: Name): string {
  const part = ({ type, value }: NameAttribute): string => `${SHORT_NAMES[type] ?? type}=${escapeValue(value)}`;
  return [...name.attributes].reverse().map(part).join(',');
}

function escapeValue(value: string): string {
  return value.replace(/[\\,+"<>;]|^[ #]| $/g, '\\$&').replaceAll('\0', '\\00');
}
