import { SignatureFormatError } from '../../signature';
import { definiteLengths } from '../../signature/asn1/ber';
import { Der, TAG } from '../../signature/asn1/der';
import { readTime } from '../../signature/asn1/time';
import { bitString, generalizedTime, integer, octetString, oid, sequence, setOf, time, tlv, utf8 } from '../../signature/asn1/write';
import { fromHex, toHex } from '../../signature/bytes';
import { safeFileName } from '../../signature/sheet/attach';
import { ALL_CODES, CODES, sentenceOf, verdictOf } from '../../signature';
import { leadingCode } from '../../signature/verify/codes';

const parse = (hex: string): Der => Der.parse(fromHex(hex));
const refused = (work: () => unknown): void => expect(work).toThrow(SignatureFormatError);

describe('DER', () => {
  test.each([0n, 1n, 127n, 128n, 255n, 256n, 2n ** 159n, 2n ** 512n - 1n])('integer %s survives', (value) => {
    expect(Der.parse(integer(value)).integer()).toBe(value);
  });

  test.each(['1.2.398.3.10.1.1.2.3.2', '2.5.29.37.0', '0.9.2342.19200300.100.1.25', '2.16.840.1.101.3.4.2.1', '1.39.0', '2.999.1'])(
    'OID %s survives',
    (value) => {
      expect(Der.parse(oid(value)).oid()).toBe(value);
    },
  );

  test.each([0, 1, 127, 128, 255, 256, 65535, 65536])('%i octets survive in their shortest form', (length) => {
    const octets = new Uint8Array(length).fill(7);
    expect(Der.parse(octetString(octets)).octets()).toHaveLength(length);
  });

  test('negative integers are read as such', () => {
    expect(parse('0201ff').integer()).toBe(-1n);
    expect(parse('02020080').integer()).toBe(128n);
    expect(parse('020180').integer()).toBe(-128n);
  });

  test.each([
    ['a long length that fits the short form', '0481050000000000'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['indefinite length', '30800000'],
    ['a multi-byte tag', '1f8101010500'],
    ['bytes behind the element', '050000'],
    ['a length beyond the end', '0405010203'],
    ['an integer with a needless zero', '02020001'],
    ['an empty integer', '0200'],
    ['a boolean that is neither', '010101'],
    ['an OID with a needless zero', '06048001020304'.slice(0, 12)],
    ['an OID that does not end', '06022a83'],
    ['an empty OID', '0600'],
  ])('%s is refused', (_name, hex) => {
    refused(() => {
      const element = parse(hex);
      if (element.tag === TAG.INTEGER) element.integer();
      if (element.tag === TAG.BOOLEAN) element.boolean();
      if (element.tag === TAG.OID) element.oid();
    });
  });

  test('members of a SET OF are sorted, those of a SEQUENCE stay', () => {
    expect(toHex(setOf(integer(2), integer(1)))).toBe('3106020101020102');
    expect(toHex(sequence(integer(2), integer(1)))).toBe('3006020102020101');
  });

  test('strings of every type met in certificates', () => {
    expect(Der.parse(utf8('Қазақстан')).text()).toBe('Қазақстан');
    expect(parse('1e04049a0430').text()).toBe('Қа');
    expect(parse('13024b5a').text()).toBe('KZ');
    expect(parse('0500').text()).toBe('#0500');
  });

  test('bit strings: named bits and whole octets', () => {
    expect(parse('030203c8').namedBits()).toEqual([true, true, false, false, true]);
    refused(() => parse('030203c8').bitOctets());
    refused(() => parse('030108').namedBits());
    expect([...Der.parse(bitString(Uint8Array.of(1, 2))).bitOctets()]).toEqual([1, 2]);
  });
});

describe('times', () => {
  test.each(['1950-01-01T00:00:00Z', '2026-07-20T09:08:06Z', '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z', '2108-02-29T12:00:00Z'])(
    '%s survives',
    (text) => {
      const at = new Date(text);
      expect(readTime(Der.parse(time(at)))).toEqual(at);
      expect(readTime(Der.parse(generalizedTime(at)))).toEqual(at);
    },
  );

  test('a fraction of a second is kept', () => {
    expect(readTime(Der.parse(tlv(0x18, Buffer.from('20260720090806.25Z'))))).toEqual(new Date('2026-07-20T09:08:06.250Z'));
  });

  test.each([
    '260230000000Z',
    '261301000000Z',
    '260720240000Z',
    '260720096000Z',
    '260720090860Z',
    '2607200908Z',
    '260720090806+0500',
    '260720090806',
    '',
  ])('UTCTime %s is refused', (text) => {
    refused(() => readTime(Der.parse(tlv(0x17, Buffer.from(text)))));
  });
});

describe('BER', () => {
  test('definite data is returned as it is', () => {
    const bytes = sequence(integer(1));
    expect(definiteLengths(bytes)).toBe(bytes);
  });

  test('indefinite elements and pieces of octet strings become definite, nested ones too', () => {
    expect(toHex(definiteLengths(fromHex('30802480040101240404020203000002010500 00'.replace(/ /g, ''))))).toBe(
      toHex(sequence(octetString(Uint8Array.of(1, 2, 3)), integer(5))),
    );
  });

  test.each(['3080', '308002', '30800201', '30800201050000ff', '308004800000', '3080248002010500000000', '30800401'])(
    '%s is refused',
    (hex) => {
      refused(() => definiteLengths(fromHex(hex)));
    },
  );
});

describe('codes', () => {
  test('each code has a verdict and a sentence; "ok" alone is valid', () => {
    expect(CODES.filter((code) => verdictOf(code) === 'valid')).toEqual(['ok']);
    for (const code of CODES) expect(sentenceOf(code)).toMatch(/^[A-Z].*[^.]$/);
    expect(new Set(ALL_CODES).size).toBe(ALL_CODES.length);
    for (const code of ALL_CODES) expect(code).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
  });

  test('what is proven bad stands before what is only unknown', () => {
    expect(leadingCode(['chain.not_trusted', 'ok', 'digest.mismatch'])).toBe('digest.mismatch');
    expect(leadingCode(['revocation.missing', 'content.missing'])).toBe('content.missing');
    expect(leadingCode(['ok', 'ok'])).toBe('ok');
  });
});

test.each([
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['C:\\secret\\a.pdf', 'C:_secret_a.pdf'],
  ['  ', 'document'],
  ['a\u0000b\n.pdf', 'a_b_.pdf'],
])('attachment name %j becomes %j', (given, safe) => {
  expect(safeFileName(given)).toBe(safe);
  expect(safeFileName(`${'Ы'.repeat(400)}.pdf`)).toHaveLength(150);
});
