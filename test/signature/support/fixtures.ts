import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as forge from 'node-forge';
import {
  DOCUMENT_POLICY,
  createTrustStore,
  decodeSignatureFile,
  mergeTrustStores,
  parseCertificate,
  productionTrust,
  readCertificates,
  readCrlFile,
  verifyCms,
  type Certificate,
  type Crl,
  type SignerReport,
  type TrustStore,
  type VerificationInput,
  type VerificationReport,
} from '../../../signature';
import { readPkcs8, type PrivateKey } from '../../../signature/make';

const ROOT = path.join(__dirname, '../../fixtures/kz-pki');

/** Bytes of a fixture file. */
export function fixture(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(path.join(ROOT, name)));
}

/** Path of a fixture file. */
export function fixturePath(name: string): string {
  return path.join(ROOT, name);
}

/** Parsed JSON fixture; the shape is the caller's knowledge. */
export function fixtureJson<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(ROOT, name), 'utf8')) as T;
}

/** The CMS of a fixture in binary form. */
export function cmsFixture(name: string): Uint8Array {
  return decodeSignatureFile(fixture(`cms/${name}`));
}

/** One certificate of a fixture file. */
export function certificate(name: string): Certificate {
  return readCertificates(fixture(name))[0]!;
}

export function crl(name: string): Crl {
  return readCrlFile(fixture(`crl/${name}`));
}

const TEST_CAS = ['ca/test-root-gost2022.cer', 'ca/test-nca-gost2022.cer', 'ca/test-nca-gost2004.pem', 'ca/test-nca-rsa.pem'];

/** The test authorities of NUC RK together with the production hierarchy: what a test installation trusts. */
export function testTrust(): TrustStore {
  return mergeTrustStores(productionTrust(), createTrustStore(TEST_CAS.map(certificate)));
}

/** Verifies with the test authorities and the document policy. */
export function verify(cms: Uint8Array, input: Partial<VerificationInput> & { at: Date }): VerificationReport {
  return verifyCms(cms, { trust: testTrust(), policy: DOCUMENT_POLICY, ...input });
}

/** The single signer of a report. */
export function onlySigner(report: VerificationReport): SignerReport {
  expect(report.signers).toHaveLength(1);
  return report.signers[0]!;
}

/** Result of one check of a signer. */
export function resultOf(signer: SignerReport, name: string): string | undefined {
  return signer.checks.find((check) => check.name === name)?.result;
}

/** Certificate and private key of a PKCS#12 fixture. */
export function openP12(name: string): { certificate: Certificate; privateKey: PrivateKey } {
  const password = name.includes('pwAa123456') ? 'Aa123456' : 'Qwerty12';
  const asn1 = forge.asn1.fromDer(Buffer.from(fixture(`p12/${name}.p12`)).toString('latin1'), false);
  const p12 = forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
  const keyBag = p12.getBags({ bagType: forge.pki.oids.pkcs8ShroudedKeyBag! })[forge.pki.oids.pkcs8ShroudedKeyBag!]![0]!;
  const certBag = p12.getBags({ bagType: forge.pki.oids.certBag! })[forge.pki.oids.certBag!]![0]!;
  const keyAsn1 = keyBag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(keyBag.key)) : keyBag.asn1;
  const certAsn1 = certBag.cert ? forge.pki.certificateToAsn1(certBag.cert) : certBag.asn1;
  return { certificate: parseCertificate(der(certAsn1)), privateKey: readPkcs8(der(keyAsn1)) };
}

function der(asn1: forge.asn1.Asn1): Uint8Array {
  return Uint8Array.from(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1'));
}
