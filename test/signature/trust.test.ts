import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '../../services/config';
import { checkedTrust } from '../../services/signing/trust';
import { toPem } from '../../signature';
import { generatePrivateKey, issueCertificate, subjectPublicKeyInfo } from '../../signature/make';

const fixtures = path.join(__dirname, '..', 'fixtures', 'kz-pki', 'ca');
const demoRoot = ((): string => {
  const privateKey = generatePrivateKey('gost2015');
  const { der } = issueCertificate(
    {
      subject: { name: 'KENSE DEMO ROOT' },
      publicKey: subjectPublicKeyInfo(privateKey),
      profile: { kind: 'ca' },
      notBefore: new Date(0),
      notAfter: new Date(4e12),
    },
    { selfSigned: privateKey },
  );
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'kense-trust-')), 'demo.pem');
  writeFileSync(file, toPem('CERTIFICATE', der));
  return file;
})();
const trust = (file: string, change: { demo?: boolean; isStrict?: boolean } = {}) =>
  checkedTrust({ trustFiles: [file], demo: change.demo ? { accountsFile: null } : null, isStrict: change.isStrict ?? false });

test('the national anchors are always there, an own authority beside them', () => {
  expect(trust(path.join(fixtures, 'test-root-gost2022.cer')).anchors.length).toBe(2);
});

test.each<[string, () => unknown]>([
  ['the demo authority outside a demo', () => trust(demoRoot)],
  ['the demo authority in production', () => trust(demoRoot, { isStrict: true })],
  ['a test authority in production', () => trust(path.join(fixtures, 'test-root-gost2022.cer'), { isStrict: true })],
  ['a file that is not there', () => trust('/nonexistent.pem')],
  ['a file that is no certificate', () => trust(__filename)],
])('refuses %s', (_what, start) => {
  expect(start).toThrow(ConfigError);
});

test('the demo itself may use its authority', () => {
  expect(trust(demoRoot, { demo: true }).anchors.length).toBe(2);
});
