import {
  createTrustStore,
  LOGIN_POLICY,
  parseCertificate,
  SignatureFormatError,
  verifyXml,
  type XmlVerificationInput,
} from '../../signature';
import { signXml } from '../../signature/make';
import { canonicalXml } from '../../signature/xml/canonical';
import { elementsOf, readXml } from '../../signature/xml/reader';
import { fixture } from './support/fixtures';
import { makeTestNuc } from './support/nuc';
import { timed } from './support/timing';

const now = new Date('2026-11-20T10:00:00Z');
const nuc = makeTestNuc(now);
const canonical = (text: string, comments = true): string => Buffer.from(canonicalXml(readXml(text), { comments })).toString('utf8');
const input = (more: Partial<XmlVerificationInput> = {}): XmlVerificationInput => ({
  at: now,
  trust: nuc.trust,
  policy: LOGIN_POLICY,
  ...more,
});

const codeOf = (text: string, more: Partial<XmlVerificationInput> = {}): string => {
  try {
    return verifyXml(text, input(more)).code;
  } catch (error) {
    if (error instanceof SignatureFormatError) return error.code;
    throw error;
  }
};

describe('canonical form (examples of the standard)', () => {
  test('start and end tags: empty elements, order of namespaces and attributes', () => {
    const given = `<doc>
   <e1   />
   <e2   ></e2>
   <e3   name = "elem3"   id="elem3"   />
   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm"
      xmlns:b="http://www.ietf.org"
      xmlns:a="http://www.w3.org"
      xmlns="http://example.org"/>
   <e6 xmlns="" xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="" xmlns:a="http://www.w3.org">
            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>
         </e8>
      </e7>
   </e6>
</doc>`;
    expect(canonical(given)).toBe(`<doc>
   <e1></e1>
   <e2></e2>
   <e3 id="elem3" name="elem3"></e3>
   <e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5>
   <e6 xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="">
            <e9 xmlns:a="http://www.ietf.org"></e9>
         </e8>
      </e7>
   </e6>
</doc>`);
  });

  test('character references, CDATA and what is escaped', () => {
    const given = `<doc>
   <text>First line&#x0d;&#10;Second line</text>
   <value>&#x32;</value>
   <compute><![CDATA[value>"0" && value<"10" ?"valid":"error"]]></compute>
   <compute expr='value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"'>valid</compute>
   <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>
</doc>`;
    expect(canonical(given)).toBe(`<doc>
   <text>First line&#xD;
Second line</text>
   <value>2</value>
   <compute>value&gt;"0" &amp;&amp; value&lt;"10" ?"valid":"error"</compute>
   <compute expr="value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;">valid</compute>
   <norm attr=" '    &#xD;&#xA;&#x9;   ' "></norm>
</doc>`);
  });

  test('comments are kept or left out; ends of lines and the byte order mark do not matter', () => {
    expect(canonical('\uFEFF<?xml version="1.0"?>\r\n<!-- x --><a>1<!-- y -->\r\n2</a>')).toBe('<a>1<!-- y -->\n2</a>');
    expect(canonical('<a>1<!-- y -->2</a>', false)).toBe('<a>12</a>');
  });

  test('an element inside brings the namespaces and xml: attributes of its ancestors', () => {
    const root = readXml('<a xmlns="urn:a" xmlns:b="urn:b" xml:lang="kk"><b:c xml:space="preserve"/></a>');
    const [inner] = elementsOf(root);
    expect(Buffer.from(canonicalXml(inner!, { comments: true })).toString()).toBe(
      '<b:c xmlns="urn:a" xmlns:b="urn:b" xml:lang="kk" xml:space="preserve"></b:c>',
    );
  });
});

test.each([
  ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
  ['an unknown entity', '<a>&nbsp;</a>'],
  ['two roots', '<a/><b/>'],
  ['crossed tags', '<a><b></a></b>'],
  ['an undeclared prefix', '<x:a/>'],
  ['an attribute twice, by two prefixes', '<a xmlns:p="urn:x" xmlns:q="urn:x" p:i="1" q:i="2"/>'],
  ['a relative namespace', '<a xmlns="b"/>'],
  ['"<" in an attribute', '<a b="<"/>'],
  ['an instruction beside the root', '<?go now?><a/>'],
  ['a reference to a forbidden character', '<a>&#0;</a>'],
  ['a lone surrogate', '<a>\uD800</a>'],
  ['nothing', ''],
  ['another encoding', '<?xml version="1.0" encoding="utf-16"?><a/>'],
  ['too deep a nesting', '<a>'.repeat(100) + '</a>'.repeat(100)],
  ['an end too early', '<a><![CDATA[x'],
])('%s is refused by the reader', (_what, text) => {
  expect(() => readXml(text)).toThrow(SignatureFormatError);
});

describe('a signature made by the national library', () => {
  const text = Buffer.from(fixture('xml/kalkan-gost2015-enveloped.xml')).toString('utf8');
  const certificate = parseCertificate(Buffer.from(/<ds:X509Certificate>([^<]*)</.exec(text)![1]!.replace(/&#13;/g, ''), 'base64'));
  const own = { trust: createTrustStore([certificate]), at: new Date('2026-11-01T00:00:00Z') };

  test('verifies: digest, value, and the shape of the report', () => {
    const report = verifyXml(text, input(own));
    const [signer] = report.signers;
    expect([report.verdict, report.code, report.attached, signer?.level, signer?.iin]).toEqual([
      'valid',
      'ok',
      true,
      'XMLDSig',
      '000000000000',
    ]);
    const results = Object.fromEntries(signer!.checks.map(({ name, result }) => [name, result]));
    expect(results).toMatchObject({ structure: 'pass', digest: 'pass', signature: 'pass', chain: 'pass', validity: 'pass' });
  });

  test.each([
    ['the text of <b>', 'текст', 'текcт', 'digest.mismatch'],
    ['an attribute', 'attr="x"', 'attr="y"', 'digest.mismatch'],
    ['an element more', '<a>1</a>', '<a>1</a><a>2</a>', 'digest.mismatch'],
    ['the digest', 'OwGFymb5', 'OwGFymb6', 'digest.mismatch'],
    ['the value', 'XYwHuihy', 'XYwHuihz', 'signature.bad'],
    ['the certificate', 'MIICBDCC', 'MIICBTCC', 'structure.not_der'],
  ])('changing %s fails', (_what, before, after, code) => {
    const changed = text.replace(before, after);
    expect(changed).not.toBe(text);
    expect(codeOf(changed, own)).toBe(code);
  });

  test('is not trusted where its certificate is not', () => {
    expect(codeOf(text, { at: own.at })).toBe('chain.not_trusted');
  });
});

describe('signatures of our own making', () => {
  const document = '<login><url>https://sign.example.kz/api2/x</url><time>2026-11-20T10:00:00Z</time></login>';
  const gost = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'gost2015');
  const rsa = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'rsa');

  test.each([
    ['GOST', gost],
    ['RSA', rsa],
  ])('%s: verifies, also against the document that was to be signed', (_what, key) => {
    const signed = signXml(document, key);
    expect(codeOf(signed)).toBe('ok');
    expect(codeOf(signed, { content: document })).toBe('ok');
    expect(codeOf(signed, { content: document.replace('/x', '/y') })).toBe('content.mismatch');
    expect(codeOf(signed.replace('/x', '/y'))).toBe('digest.mismatch');
  });

  test('namespaces of the root reach into what is signed', () => {
    const signed = signXml('<r:a xmlns:r="urn:r" xmlns="urn:d" xml:lang="ru"><b/></r:a>', gost);
    expect(codeOf(signed)).toBe('ok');
    expect(codeOf(signed.replace('urn:d', 'urn:e'))).toBe('digest.mismatch');
  });

  const signed = signXml(document, gost);
  const signature = /<ds:Signature [\s\S]*<\/ds:Signature>/.exec(signed)![0];
  test.each<[string, string]>([
    ['no signature', document],
    ['two signatures', signed.replace('</login>', `${signature}</login>`)],
    ['a signature deeper down', `<login><wrap>${signature}</wrap></login>`],
    ['a signed document wrapped in another', `<evil>${signed}</evil>`],
    ['a reference to a part', signed.replace('URI=""', 'URI="#x"')],
    [
      'another transform',
      signed.replace('http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/TR/1999/REC-xslt-19991116'),
    ],
    [
      'a transform with parameters',
      signed.replace(/(<ds:Transform Algorithm="[^"]*enveloped-signature")\/>/, '$1><ds:XPath>x</ds:XPath></ds:Transform>'),
    ],
    ['an object', signed.replace('</ds:KeyInfo>', '</ds:KeyInfo><ds:Object>x</ds:Object>')],
    ['two references', signed.replace(/<ds:Reference [\s\S]*<\/ds:Reference>/, (whole) => whole + whole)],
    [
      'exclusive canonicalisation',
      signed.replace(
        'CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
        'CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"',
      ),
    ],
    ['no certificate', signed.replace(/<ds:X509Certificate>[\s\S]*<\/ds:X509Certificate>/, '')],
    ['a document type', `<!DOCTYPE login []>${signed}`],
  ])('%s is refused', (_what, text) => {
    expect(text).not.toBe(signed);
    expect(codeOf(text)).toMatch(/^structure\./);
  });

  test('an algorithm that does not belong to the key is unknown, not wrong', () => {
    expect(codeOf(signed.replace(/urn:[^"]*gostr34102015-gostr34112015-512/, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'))).toBe(
      'algorithm.unknown',
    );
  });

  test("another person's certificate in the place of the signer's does not pass", () => {
    const other = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'gost2015');
    const body = Buffer.from(other.certificate.der).toString('base64');
    expect(
      codeOf(signed.replace(/<ds:X509Certificate>[\s\S]*<\/ds:X509Certificate>/, `<ds:X509Certificate>${body}</ds:X509Certificate>`)),
    ).toBe('signature.bad');
  });

  test('no byte changed anywhere in what is signed leaves it valid', () => {
    const end = signed.indexOf('<ds:KeyInfo>');
    const kept: string[] = [];
    for (let at = 0; at < end; at += 7) {
      const letter = signed[at] === 'x' ? 'y' : 'x';
      const changed = signed.slice(0, at) + letter + signed.slice(at + 1);
      if (codeOf(changed) === 'ok') kept.push(`${at}: ${signed.slice(Math.max(0, at - 10), at + 10)}`);
    }
    expect(kept).toEqual([]);
  });

  test.each<[string, (n: number) => string]>([
    ['deep', (n) => '<a>'.repeat(n)],
    ['of many attributes', (n) => `<a ${'b="1" '.repeat(n)}/>`],
    ['of many references', (n) => `<a>${'&amp;'.repeat(n)}</a>`],
    ['wide', (n) => `<a>${'<b/>'.repeat(n)}</a>`],
  ])('bounded work: a document that is %s is answered in time that grows with its length, not with its square', (_, make) => {
    const work = (n: number): number => timed(() => codeOf(make(n))).ms;
    work(40_000); // compiled now
    // Four times the length is four times the work; its square would be sixteen.
    expect(work(160_000)).toBeLessThan(10 * Math.max(work(40_000), 5));
  });

  test('whatever is done to it, there is a report or a plain refusal, soon', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    const pieces = [
      '<',
      '>',
      '&',
      '"',
      "'",
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '&#0;',
      'xmlns:x=""',
      '</a>',
      '\u0000',
      '\uD800',
      'ds:',
      '/',
      '=',
    ];
    for (let i = 0; i < 400; i++) {
      let text = signed;
      for (let k = 0; k <= random(3); k++) {
        const at = random(text.length);
        text = text.slice(0, at) + pieces[random(pieces.length)] + text.slice(at + random(30));
      }
      const began = process.cpuUsage();
      expect(codeOf(text)).toMatch(/^[a-z_]+(\.[a-z_]+)?$/);
      expect(process.cpuUsage(began).user / 1000).toBeLessThan(1_000);
    }
  });
});
