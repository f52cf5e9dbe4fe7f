import { generatePrivateKey, issueCertificate, makeCms, subjectPublicKeyInfo, type Issuer, type PrivateKey } from '../../signature/make';
import { toPem, type Certificate, type Role } from '../../signature';

const day = 86_400_000;
export type TestKey = { certificate: Certificate; privateKey: PrivateKey };

/** A certification authority of the test run with keys of the national profile. */
export class TestAuthority {
  private readonly root: Issuer;

  constructor(readonly kind: PrivateKey['kind'] = 'gost2015') {
    const privateKey = generatePrivateKey(kind);
    const certificate = issueCertificate(
      {
        subject: { name: 'TEST ROOT' },
        publicKey: subjectPublicKeyInfo(privateKey),
        profile: { kind: 'ca' },
        notBefore: new Date(Date.now() - 365 * day),
        notAfter: new Date(Date.now() + 3650 * day),
      },
      { selfSigned: privateKey },
    );
    this.root = { certificate, privateKey };
  }

  get pem(): string {
    return toPem('CERTIFICATE', this.root.certificate.der);
  }

  /** A signing key; `validFor` moves its period: days from now to its start and end. */
  key(
    person: { name: string; iin?: string; bin?: string; organisation?: string },
    options: { roles?: Role[]; from?: number; to?: number; authentication?: boolean } = {},
  ): TestKey {
    const privateKey = generatePrivateKey(this.kind);
    const roles = options.roles ?? (person.bin ? ['first-head'] : ['individual']);
    const certificate = issueCertificate(
      {
        subject: { ...person, name: person.name },
        publicKey: subjectPublicKeyInfo(privateKey),
        profile: { kind: options.authentication ? 'authentication' : 'subject', roles },
        notBefore: new Date(Date.now() + (options.from ?? -30) * day),
        notAfter: new Date(Date.now() + (options.to ?? 335) * day),
      },
      this.root,
    );
    return { certificate, privateKey };
  }
}

/** A detached CMS over these bytes, as a base64 text. */
export const signDetached = (key: TestKey, content: Uint8Array): string =>
  Buffer.from(makeCms({ ...key, document: { content, attached: false }, signingTime: new Date() })).toString('base64');
