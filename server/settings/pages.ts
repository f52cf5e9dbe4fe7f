import type { Proof } from '../../domain/people/proofs';
import type { ModuleName } from '../../domain/settings/modules';
import type { ErrorRef, Instant } from '../../services/texts/types';
import type { FieldErrors, Pager, Role } from '../kit/views';

/** GET /settings/second-factor; POST …/begin, …/confirm: `code`, …/codes, …/off. */
export interface SecondFactorPage {
  since: Instant | null;
  codesLeft: number;
  enrolment: { base32: string; qr: string } | null;
  /** Recovery codes just made; shown once. */
  codes: string[] | null;
  error: ErrorRef | null;
  command: string;
}

/** GET, POST /settings/sign-in: `proof.owner` … `proof.user`. */
export interface SignInRulesPage {
  rules: { role: Role; proof: Proof }[];
  proofs: Proof[];
  command: string;
  error: ErrorRef | null;
}

/** GET /settings/sessions; POST /settings/sessions/:id/end; POST /settings/sessions/end-others. */
export interface SessionsPage {
  person: { name: string; login: string; email: string | null; position: string | null; role: Role; source: 'directory' | 'local' };
  sessions: { id: string; browser: string; system: string; address: string; startedAt: Instant; seenAt: Instant; isCurrent: boolean }[];
}

/**
 * GET /settings/people?q=. POST /settings/people: `login`, `name`, `email`, `iin`, `position`, `role`, `password`.
 * POST /settings/people/:id/role: `role`, `rev`. POST /settings/people/:id/active: `active` (yes | no), `rev`.
 */
export interface PeoplePage {
  q: string;
  people: PersonRow[];
  pager: Pager;
  form: NewPersonForm;
  /** Roles this administrator may give. */
  roles: Role[];
  /** A link to a new password that has just been made: mailed, or to be handed over. */
  given: { name: string; mailedTo: string | null; url: string | null } | null;
}

export interface PersonRow {
  id: string;
  rev: number;
  name: string;
  login: string;
  email: string | null;
  position: string | null;
  role: Role;
  source: 'directory' | 'local';
  isActive: boolean;
  isEndedByDirectory: boolean;
  isRoleByDirectory: boolean;
  /** Whether this organisation may give the account a new password. */
  isOwnAccount: boolean;
  isReader: boolean;
  lastSeenAt: Instant | null;
}

export interface NewPersonForm {
  command: string;
  login: string;
  name: string;
  email: string;
  iin: string;
  position: string;
  role: Role;
  errors: FieldErrors;
  isOpen: boolean;
}

/**
 * GET /settings/directory. POST /settings/directory/test. POST /settings/directory/mapping: `group.0`, `role.0`, … (an empty group drops
 * the row). POST /settings/directory/preview answers `fragments/settings/directory-preview`.
 */
export interface DirectoryPage {
  url: string | null;
  baseDn: string | null;
  isEncrypted: boolean;
  lastSync: {
    at: Instant;
    ended: number;
    changed: number;
    members: number;
    waiting: { personId: string; name: string; login: string; why: 'gone' | 'disabled' | 'no-group' }[] | null;
  } | null;
  test: { isOk: boolean; at: Instant; people: number; error: ErrorRef | null } | null;
  mapping: { group: string; role: Role }[];
  roles: Role[];
  command: string;
  rev: number;
  errors: FieldErrors;
  preview: DirectoryPreview | null;
}

export interface DirectoryPreview {
  at: Instant;
  changes: {
    kind: 'add' | 'role' | 'disable' | 'skip';
    name: string;
    login: string;
    from: Role | null;
    to: Role | null;
    error: ErrorRef | null;
  }[];
  unchanged: number;
}

/** GET /settings/modules; POST /settings/modules/:name {command, on: yes|no}. */
export interface ModulesPage {
  modules: { name: ModuleName; icon: string; isOn: boolean; changedBy: string | null; changedAt: Instant | null; command: string }[];
}

declare module '../kit/views' {
  interface Pages {
    'pages/settings/second-factor': SecondFactorPage;
    'pages/settings/sign-in': SignInRulesPage;
    'pages/settings/sessions': SessionsPage;
    'pages/settings/people': PeoplePage;
    'pages/settings/directory': DirectoryPage;
    'pages/settings/modules': ModulesPage;
  }
  interface Fragments {
    'fragments/settings/people': PeoplePage;
    'fragments/settings/directory-preview': DirectoryPreview;
  }
}
