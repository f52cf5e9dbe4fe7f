import {
  generatePrivateKey,
  issueCertificate,
  issueCrl,
  makeCms,
  subjectPublicKeyInfo,
  type Issuer,
  type PrivateKey,
} from '../../signature/make';
import type { NucKeys } from '../../scripts/simulators/nuc/keys';
import { startNuc, type Nuc } from '../../scripts/simulators/nuc/server';
import { toPem, type Certificate, type Crl, type Role } from '../../signature';

const day = 86_400_000;
export type TestKey = { certificate: Certificate; privateKey: PrivateKey };

/** A certification authority of the test run with keys of the national profile and, once started, its services. */
export class TestAuthority {
  private readonly root: Issuer;
  private readonly issued: { serial: string; algorithm: 'gost2015'; id: string }[] = [];
  private nuc: Nuc | null = null;

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

  get certificate(): Certificate {
    return this.root.certificate;
  }

  get pem(): string {
    return toPem('CERTIFICATE', this.root.certificate.der);
  }

  /** Starts the responder, the time-stamping authority and the lists; `stop` is the caller's. */
  async serve(): Promise<Nuc> {
    const service = (name: string, kind: 'ocsp' | 'tsa'): TestKey => this.certify({ name }, { kind }, { from: -20, to: 3 * 365 });
    const [responder, stamper] = [service('TEST OCSP RESPONDER', 'ocsp'), service('TEST TSA', 'tsa')];
    const both = <T>(one: T): { gost2015: T; rsa: T } => ({ gost2015: one, rsa: one });
    const keys: NucKeys = {
      roots: both(this.root),
      issuers: both(this.root),
      responders: both(responder),
      timeStamping: both(stamper),
      issued: this.issued,
    };
    return (this.nuc = await startNuc({ source: { keys }, port: 0 }));
  }

  /** A signing key; `from` and `to` move its period: days from now to its start and end. */
  key(
    person: { name: string; iin?: string; bin?: string; organisation?: string },
    options: { roles?: Role[]; from?: number; to?: number; authentication?: boolean } = {},
  ): TestKey {
    const roles = options.roles ?? (person.bin ? ['first-head'] : ['individual']);
    return this.certify(person, { kind: options.authentication ? 'authentication' : 'subject', roles }, options);
  }

  /** Revokes a key from `at` on. */
  revoke(key: TestKey, reason = 'superseded', at = new Date()): void {
    this.nuc?.register.revoke(key.certificate.serial.toString(16), reason, at, new Date());
  }

  /** A revocation list of this authority that its services know nothing of. */
  list(revoked: readonly TestKey[], thisUpdate: Date, days = 30): Crl {
    const entries = revoked.map(({ certificate }) => ({
      serial: certificate.serial,
      revokedAt: thisUpdate,
      reason: 'superseded' as const,
    }));
    const nextUpdate = new Date(thisUpdate.getTime() + days * day);
    return issueCrl({ thisUpdate, nextUpdate, number: 1n, revoked: entries }, this.root);
  }

  private certify(
    subject: { name: string; iin?: string; bin?: string; organisation?: string },
    profile: Parameters<typeof issueCertificate>[0]['profile'],
    period: { from?: number; to?: number },
  ): TestKey {
    const privateKey = generatePrivateKey(this.kind);
    const certificate = issueCertificate(
      {
        subject,
        publicKey: subjectPublicKeyInfo(privateKey),
        profile,
        notBefore: new Date(Date.now() + (period.from ?? -30) * day),
        notAfter: new Date(Date.now() + (period.to ?? 335) * day),
      },
      this.root,
    );
    const entry = { serial: certificate.serial.toString(16), algorithm: 'gost2015' as const, id: subject.name };
    this.issued.push(entry);
    this.nuc?.register.add(entry);
    return { certificate, privateKey };
  }
}

/** A detached CMS over these bytes, as a base64 text. */
export const signDetached = (key: TestKey, content: Uint8Array): string =>
  Buffer.from(makeCms({ ...key, document: { content, attached: false }, signingTime: new Date() })).toString('base64');
