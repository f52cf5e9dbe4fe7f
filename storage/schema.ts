// Written by test/integration/schema.test.ts from the migrated database; to change it, add a migration and let the test write it.
import type { Generated } from 'kysely';
import type { Direction, DocumentKind, DocumentState } from '../domain/documents/document';
import type { GroupPurpose, GroupState, ItemState } from '../domain/groups/group';
import type { Lang } from '../domain/languages';
import type { Proof } from '../domain/people/proofs';
import type { OrganisationRole } from '../domain/people/roles';
import type { PhonePurpose, PhoneState } from '../domain/phone/session';
import type { ParticipantState, RouteState, StageKind, StageRule } from '../domain/routes/route';
import type { ChallengePurpose } from '../domain/signing/challenge';
import type { OutboxTemplate } from './outbox';
import type { MailTemplate } from './queries/mail';

export type Accounts = {
  id: string;
  personId: string;
  source: 'local' | 'ldap';
  login: string;
  passwordHash: string | null;
  directoryId: string | null;
  disabledAt: Date | null;
  createdAt: Date;
  loginKey: string;
  organisationId: string | null;
  mustChange: Generated<number>;
  passwordAt: Date | null;
  totpSecret: Buffer | null;
  totpSince: Date | null;
  totpStep: Generated<number>;
};

export type Audit = {
  organisationId: string;
  seq: number;
  at: Date;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: string;
  entityKind: string;
  entityId: string;
  commandId: string;
  details: string;
  prevHash: Buffer;
  hash: Buffer;
  keyVersion: number | null;
  mac: Buffer | null;
};

export type AuditBoundaries = {
  organisationId: string;
  seq: number;
  hash: Buffer;
  keyVersion: number;
  mac: Buffer;
};

export type AuditConfirmations = {
  organisationId: string;
  seq: number;
  hash: Buffer;
  token: Buffer;
  stampedAt: Date;
};

export type AuditHeads = {
  organisationId: string;
  seq: number;
  hash: Buffer;
};

export type AuditHeadMails = {
  organisationId: string;
  night: string;
  sentAt: Date;
};

export type AuditStamps = {
  organisationId: string;
  seq: number;
  hash: Buffer;
  token: Buffer;
  stampedAt: Date;
};

export type Challenges = {
  id: string;
  purpose: ChallengePurpose;
  text: string;
  visitor: Buffer;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
};

export type Commands = {
  id: string;
  organisationId: string;
  actor: string;
  kind: string;
  entityId: string;
  result: string;
  doneAt: Date;
};

export type ConfirmedIins = {
  personId: string;
  iin: string;
  serial: string;
  confirmedAt: Date;
};

export type Documents = {
  id: string;
  organisationId: string;
  initiatorId: string;
  rev: number;
  state: DocumentState;
  title: string;
  kind: DocumentKind;
  number: Generated<string>;
  docDate: string | null;
  direction: Direction;
  counterpartyName: Generated<string>;
  counterpartyBin: Generated<string>;
  fileId: string | null;
  attempt: Generated<number>;
  routeDraft: string;
  checkHash: Buffer;
  trashedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

export type Evidence = {
  signatureId: string;
  organisationId: string;
  state: 'gathering' | 'complete' | 'given-up';
  verdict: 'valid' | 'invalid' | 'indeterminate';
  code: string;
  level: string;
  pending: Generated<string>;
  problem: Generated<string>;
  attempts: Generated<number>;
  checkedAt: Date | null;
  nextAt: Date | null;
  objectKey: string | null;
  proofEndsAt: Date | null;
  report: string | null;
  createdAt: Date;
};

export type Files = {
  id: string;
  documentId: string;
  version: number;
  name: string;
  mediaType: string;
  sizeBytes: number;
  sha256: Buffer;
  streebog512: Buffer;
  objectKey: string;
  uploadedBy: string;
  uploadedAt: Date;
};

export type Invitations = {
  participantId: string;
  organisationId: string;
  tokenHash: Buffer;
  version: number;
  expiresAt: Date;
  openedAt: Date | null;
  revokedAt: Date | null;
};

export type MailDeliveries = {
  id: string;
  organisationId: string;
  commandId: string;
  documentId: string;
  routeId: string;
  participantId: string | null;
  personId: string | null;
  audience: string;
  recipient: string;
  template: MailTemplate;
  language: Lang;
  state: 'queued' | 'retrying' | 'sent' | 'refused' | 'failed';
  attempts: Generated<number>;
  lastError: Generated<string>;
  createdAt: Date;
  updatedAt: Date;
};

export type Memberships = {
  organisationId: string;
  personId: string;
  role: OrganisationRole;
  roleSource: Generated<'hand' | 'directory'>;
  position: Generated<string>;
  rev: Generated<number>;
  endedAt: Date | null;
  createdAt: Date;
  endedBy: 'hand' | 'directory' | null;
};

export type Migrations = {
  name: string;
  appliedAt: Date;
};

export type Organisations = {
  id: string;
  bin: string;
  name: string;
  createdAt: Date;
};

export type Outbox = {
  id: string;
  template: OutboxTemplate;
  recipient: string;
  language: Lang;
  data: string;
  state: 'queued' | 'retrying' | 'sent' | 'refused' | 'failed';
  attempts: Generated<number>;
  lastError: Generated<string>;
  createdAt: Date;
  nextAt: Date | null;
  doneAt: Date | null;
};

export type PasswordResets = {
  id: string;
  accountId: string;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
};

export type People = {
  id: string;
  iin: string | null;
  name: string;
  email: string | null;
  language: Generated<Lang>;
  theme: Generated<'' | 'light' | 'dark'>;
  menu: Generated<'wide' | 'narrow'>;
  createdAt: Date;
};

export type PhoneItems = {
  id: string;
  phoneId: string;
  place: number;
  documentId: string;
  attempt: number;
  participantId: string;
  sessionId: string;
  commandId: string;
  sizeBytes: number;
  state: 'waiting' | 'sent' | 'done' | 'failed';
  code: string | null;
  decidedAt: Date | null;
};

export type PhoneSessions = {
  id: string;
  purpose: PhonePurpose;
  authType: 'None' | 'Token' | 'Eds';
  signMethod: 'CMS_SIGN_ONLY' | 'CMS_WITH_DATA' | 'XML';
  state: PhoneState;
  code: string | null;
  organisationId: string | null;
  personId: string | null;
  participantId: string | null;
  visitor: Buffer | null;
  iin: string | null;
  title: string;
  xml: string | null;
  codeHash: Buffer;
  codeVersion: number;
  linkHash: Buffer;
  dataHash: Buffer;
  tokenHash: Buffer;
  signerName: string | null;
  signerIin: string | null;
  signerBin: string | null;
  signerSerial: string | null;
  createdAt: Date;
  codeExpiresAt: Date;
  expiresAt: Date;
  fetchedAt: Date | null;
  givenAt: Date | null;
  checkingAt: Date | null;
  endedAt: Date | null;
  usedAt: Date | null;
};

export type RateLimits = {
  key: string;
  points: Generated<number>;
  expire: number | null;
};

export type RecoveryCodes = {
  accountId: string;
  codeHash: Buffer;
  usedAt: Date | null;
};

export type RevocationLists = {
  url: string;
  der: Buffer;
  thisUpdate: Date;
  nextUpdate: Date | null;
  fetchedAt: Date;
};

export type Routes = {
  id: string;
  documentId: string;
  organisationId: string;
  initiatorId: string;
  fileId: string;
  attempt: number;
  rev: number;
  state: RouteState;
  current: number;
  message: string;
  remindEveryMs: number | null;
  remindedAt: Date | null;
  askedAt: Date;
  startedAt: Date;
  endedAt: Date | null;
};

export type RouteParticipants = {
  id: string;
  routeId: string;
  documentId: string;
  organisationId: string;
  stage: number;
  place: number;
  personId: string | null;
  name: string;
  position: Generated<string>;
  email: string | null;
  iin: string | null;
  language: Generated<Lang>;
  state: ParticipantState;
  askedAt: Date | null;
  answeredAt: Date | null;
  remark: string | null;
};

export type RouteStages = {
  routeId: string;
  position: number;
  kind: StageKind;
  rule: StageRule;
  dueAt: Date | null;
};

export type Sessions = {
  id: string;
  tokenHash: Buffer;
  csrf: string;
  personId: string;
  organisationId: string | null;
  address: string;
  userAgent: string;
  source: 'local' | 'ldap' | 'eds' | 'qr';
  createdAt: Date;
  seenAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  proof: Generated<Proof>;
  keyIin: string | null;
  keySerial: string | null;
  provedAt: Date | null;
};

export type Settings = {
  scope: string;
  name: string;
  value: string;
  updatedAt: Date;
};

export type Signatures = {
  id: string;
  organisationId: string;
  documentId: string;
  routeId: string;
  participantId: string;
  fileId: string;
  sessionId: string;
  state: 'received' | 'accepted';
  objectKey: string;
  sha256: Buffer;
  verdict: 'valid' | 'invalid' | 'indeterminate';
  code: string;
  iin: string | null;
  bin: string | null;
  signerName: string;
  organisationName: Generated<string>;
  roles: string;
  serial: string;
  claimedAt: Date | null;
  bestAt: Date;
  receivedAt: Date;
  report: string;
};

export type SigningGroups = {
  id: string;
  organisationId: string;
  personId: string;
  purpose: GroupPurpose;
  state: GroupState;
  remark: string | null;
  certificate: Buffer | null;
  certificateName: Generated<string>;
  keyDigest: 'streebog512' | 'sha256' | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  expiresAt: Date;
};

export type SigningGroupItems = {
  id: string;
  groupId: string;
  place: number;
  participantId: string;
  documentId: string;
  attempt: number;
  fileId: string;
  kind: StageKind;
  sizeBytes: number;
  state: ItemState;
  code: string | null;
  commandId: string;
  sessionId: string | null;
  sentAt: Date | null;
  decidedAt: Date | null;
};

export type SigningSessions = {
  id: string;
  organisationId: string;
  routeId: string;
  participantId: string;
  fileId: string;
  sha256: Buffer;
  streebog512: Buffer;
  iin: string;
  bin: string | null;
  purpose: string;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
};

export type SignInSteps = {
  id: string;
  accountId: string;
  visitor: Buffer;
  attempts: Generated<number>;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
};

export type Uploads = {
  objectKey: string;
  personId: string;
  startedAt: Date;
};

/** Every table of the database, by the name queries use. */
export type Schema = {
  accounts: Accounts;
  audit: Audit;
  auditBoundaries: AuditBoundaries;
  auditConfirmations: AuditConfirmations;
  auditHeads: AuditHeads;
  auditHeadMails: AuditHeadMails;
  auditStamps: AuditStamps;
  challenges: Challenges;
  commands: Commands;
  confirmedIins: ConfirmedIins;
  documents: Documents;
  evidence: Evidence;
  files: Files;
  invitations: Invitations;
  mailDeliveries: MailDeliveries;
  memberships: Memberships;
  migrations: Migrations;
  organisations: Organisations;
  outbox: Outbox;
  passwordResets: PasswordResets;
  people: People;
  phoneItems: PhoneItems;
  phoneSessions: PhoneSessions;
  rateLimits: RateLimits;
  recoveryCodes: RecoveryCodes;
  revocationLists: RevocationLists;
  routes: Routes;
  routeParticipants: RouteParticipants;
  routeStages: RouteStages;
  sessions: Sessions;
  settings: Settings;
  signatures: Signatures;
  signingGroups: SigningGroups;
  signingGroupItems: SigningGroupItems;
  signingSessions: SigningSessions;
  signInSteps: SignInSteps;
  uploads: Uploads;
};
