import { readJson, writePrivate } from '../../launcher/home';
import type { CertificateStatus } from '../../../signature/make';
import { CRL_REASONS, type CrlReason } from '../../../signature/x509/crl';
import type { Algorithm, IssuedCertificate } from './keys';

/** A revocation or the lifting of a suspension, in the order they were entered. */
interface Entry {
  serial: string;
  /** ISO 8601: the date the entry states. */
  at: string;
  /** ISO 8601: when it was entered. */
  enteredAt: string;
  reason: CrlReason;
}

interface RegisterFile {
  entries: Entry[];
  lastListNumber: number;
}

/** What a list says about one certificate. */
export interface Listed {
  serial: bigint;
  revokedAt: Date;
  reason: CrlReason;
}

/** What the authority has issued and revoked; kept in a file when it has one. */
export class Register {
  private readonly issued: Map<string, IssuedCertificate>;
  private readonly stored: RegisterFile;
  private publishedAt: Date;

  constructor(
    issued: readonly IssuedCertificate[],
    private readonly file: string | undefined,
    now: Date,
  ) {
    this.issued = new Map(issued.map((entry) => [entry.serial, entry]));
    this.stored = (file ? readJson<RegisterFile>(file) : null) ?? { entries: [], lastListNumber: 0 };
    for (const { serial, revokedAt } of issued)
      if (revokedAt && !this.lastOf(serial))
        this.stored.entries.push({ serial, at: revokedAt, enteredAt: revokedAt, reason: 'superseded' });
    this.publishedAt = now;
    this.publish(now);
  }

  /** Enters a certificate that was issued elsewhere under the same authority: what tests make for themselves. */
  add(entry: IssuedCertificate): void {
    this.issued.set(entry.serial, entry);
  }

  /** Revokes or suspends from a date; throws a plain sentence for what cannot be. */
  revoke(serial: string, reason: string, at: Date, now: Date): void {
    const known = CRL_REASONS.find((each) => each === reason);
    if (!known || known === 'removeFromCRL') throw new Error(`there is no reason ${reason}`);
    this.enter(serial, known, at, now);
  }

  /** Lifts a suspension. */
  lift(serial: string, now: Date): void {
    if (this.lastOf(serial)?.reason !== 'certificateHold') throw new Error(`certificate ${serial} is not suspended`);
    this.enter(serial, 'removeFromCRL', now, now);
  }

  private enter(serial: string, reason: CrlReason, at: Date, now: Date): void {
    if (!this.issued.has(serial)) throw new Error(`certificate ${serial} was not issued here`);
    this.stored.entries.push({ serial, reason, at: at.toISOString(), enteredAt: now.toISOString() });
    this.save();
  }

  /** What the responder knows about a serial number of an authority. */
  statusOf(serial: bigint, algorithm: Algorithm): CertificateStatus {
    const key = serial.toString(16);
    if (this.issued.get(key)?.algorithm !== algorithm) return { status: 'never-issued' };
    const last = this.lastOf(key);
    if (!last || last.reason === 'removeFromCRL') return { status: 'good' };
    return { status: 'revoked', revokedAt: new Date(last.at), reason: last.reason };
  }

  /** A new complete list from now on. */
  publish(now: Date): void {
    this.stored.lastListNumber += 1 + this.changes().length;
    this.publishedAt = now;
    this.save();
  }

  /** Number, date and entries of the complete list of an authority. */
  base(algorithm: Algorithm): { number: bigint; thisUpdate: Date; entries: Listed[] } {
    const before = this.entriesOf(algorithm).filter((entry) => new Date(entry.enteredAt) <= this.publishedAt);
    const entries = latest(before).filter((entry) => entry.reason !== 'removeFromCRL');
    return { number: BigInt(this.stored.lastListNumber), thisUpdate: this.publishedAt, entries: entries.map(listed) };
  }

  /** What has changed since the complete list; complete lists and deltas share one sequence of numbers (RFC 5280 §5.2.3). */
  delta(algorithm: Algorithm): { number: bigint; deltaBase: bigint; entries: Listed[] } {
    const changed = this.entriesOf(algorithm).filter((entry) => new Date(entry.enteredAt) > this.publishedAt);
    const deltaBase = BigInt(this.stored.lastListNumber);
    return { number: deltaBase + BigInt(this.changes().length) + 1n, deltaBase, entries: latest(changed).map(listed) };
  }

  private changes(): Entry[] {
    return this.stored.entries.filter((entry) => new Date(entry.enteredAt) > this.publishedAt);
  }

  /** Every certificate with what is known about it, for the state page. */
  overview(): (IssuedCertificate & { revoked: { at: string; reason: string } | null })[] {
    return [...this.issued.values()].map((entry) => {
      const last = this.lastOf(entry.serial);
      return { ...entry, revoked: last && last.reason !== 'removeFromCRL' ? { at: last.at, reason: last.reason } : null };
    });
  }

  private entriesOf(algorithm: Algorithm): Entry[] {
    return this.stored.entries.filter((entry) => this.issued.get(entry.serial)?.algorithm === algorithm);
  }

  private lastOf(serial: string): Entry | undefined {
    return this.stored.entries.filter((entry) => entry.serial === serial).at(-1);
  }

  private save(): void {
    if (this.file) writePrivate(this.file, JSON.stringify(this.stored, null, 2));
  }
}

function latest(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.serial, entry])).values()];
}

function listed({ serial, at, reason }: Entry): Listed {
  return { serial: BigInt(`0x${serial}`), revokedAt: new Date(at), reason };
}
