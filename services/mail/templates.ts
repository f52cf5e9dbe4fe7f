import type { StageKind } from '../../domain/routes/route';
import type { CivilDate, Instant } from '../texts/types';

interface MailBase {
  recipient: string;
  /** Organisation in whose name Kense writes. */
  organisation: string;
  title: string;
  number: string | null;
  /** Whole address, with PUBLIC_URL. */
  url: string;
}

export interface InvitationMail extends MailBase {
  action: StageKind;
  sender: string;
  message: string | null;
  due: CivilDate | null;
}

export interface OutsideInvitationMail extends InvitationMail {
  expiresAt: Instant | null;
  senderEmail: string | null;
}

export interface ReminderMail extends InvitationMail {
  since: Instant;
}

/** To the initiator: one of several answers is in. */
export interface AnsweredMail extends MailBase {
  action: StageKind;
  by: string;
  at: Instant;
  remark: string | null;
}

export interface RefusedMail extends MailBase {
  by: string;
  at: Instant;
  remark: string | null;
}

export interface CompletedMail extends MailBase {
  at: Instant;
  signers: string[];
}

export interface ExpiredMail extends MailBase {
  due: CivilDate | null;
  awaited: string[];
}

export interface WithdrawnMail extends MailBase {
  by: string;
  at: Instant;
  remark: string | null;
}

/** To the initiator: the authority has spoken against a signature that had been taken while it was away. */
export interface DisprovedMail extends MailBase {
  signer: string;
  /** Dotted reason of the report. */
  code: string;
  at: Instant;
}

/** A link to a new password; `hours` 0: asked for by the person, half an hour. */
export interface PasswordResetMail {
  recipient: string;
  organisation: string;
  login: string;
  hours: number;
  url: string;
}

export interface PasswordChangedMail {
  recipient: string;
  organisation: string;
  login: string;
  at: Instant;
  address: string;
  url: string;
}

/** The key of one's IIN has opened another account. */
export interface IinElsewhereMail {
  recipient: string;
  organisation: string;
  at: Instant;
  serial: string;
  url: string;
}

/** To the owners, every night: where the audit log stands, to be kept outside. `line` is the head as `kense audit verify --heads` reads it. */
export interface AuditHeadMail extends MailBase {
  rows: number;
  line: string;
  at: Instant;
}

export interface Mails {
  invitation: InvitationMail;
  'invitation-outside': OutsideInvitationMail;
  reminder: ReminderMail;
  answered: AnsweredMail;
  refused: RefusedMail;
  completed: CompletedMail;
  expired: ExpiredMail;
  withdrawn: WithdrawnMail;
  disproved: DisprovedMail;
  'password-reset': PasswordResetMail;
  'password-changed': PasswordChangedMail;
  'iin-elsewhere': IinElsewhereMail;
  'audit-head': AuditHeadMail;
}
