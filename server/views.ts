/**
 * What each template receives: plain data, one interface a page or fragment. Texts that depend on data travel as ids,
 * instants (ISO 8601, UTC) and numbers; the templates turn them into words of the reader's language. `Pages`, `Fragments`
 * and `Mails` at the end tie a template's name to its data, so a presenter that forgets a field does not compile.
 *
 * How the answers fit together
 * - Every form carries `_csrf` (from the context) and `command` (a ULID; kept when the form comes back with 422).
 * - A decision (approve, refuse, withdraw, remind, sign) that went through answers an htmx request with `fragments/flash`
 *   ({ outOfBand: true }) and the headers `HX-Reswap: none`, `HX-Trigger: dialog-close, route-changed`: the dialog closes, the
 *   route reloads itself, the head of the document follows. Without htmx: 303 to the document.
 * - 422 and 409 answer the same form again; other refusals answer `fragments/flash`, which htmx puts into `#flash`.
 * - A focus wish after a swap: header `HX-Trigger-After-Settle: {"focus":"#id"}`, or the field `focus` where a form has one.
 */

import type { ConfirmKeyPage, KeyForm, SignInEdsPage } from './auth/pages';
import type { ProofView, SignatureReportPage } from './evidence/pages';
import type { ChooseMany, GroupLookPage, GroupPage, ModulesPage, OpenGroup } from './groups/pages';
import type { ConfirmPhonePage, PhoneCheckPage, PhoneSignPage, PhoneStateView, SignInPhonePage } from './phone/pages';
import type { Direction, DocumentKind, DocumentState } from '../domain/documents/document';
import type { Proof } from '../domain/people/proofs';
import type { OrganisationRole } from '../domain/people/roles';
import type { StageKind, StageRule } from '../domain/routes/route';

export type Lang = 'ru' | 'kk' | 'en';
export type Theme = 'system' | 'light' | 'dark';
/** ISO 8601 with zone, for example `2026-11-20T04:42:00.000Z`; shown in UTC+5. */
export type Instant = string;
/** `YYYY-MM-DD`, a calendar day in Kazakhstan. */
export type CivilDate = string;
export type Params = Record<string, string | number>;
/** A refusal in words: `errors.<code>` of the locale files, with its parameters. */
export interface ErrorRef {
  code: string;
  params?: Params;
}
/** Field name of the posted form → what is wrong with it. The key `form` belongs to no single field. */
export type FieldErrors = Record<string, ErrorRef>;

export type MenuEntry = 'new' | 'documents' | 'to-sign' | 'in-signing' | 'trash' | 'settings';
export type Role = OrganisationRole;

/** What every page knows besides its own data. */
export interface ViewContext {
  lang: Lang;
  theme: Theme;
  menu: MenuEntry | null;
  /** Path and query of this page; forms of language and theme come back to it. */
  path: string;
  csrf: string;
  actor: { name: string; organisation: string; role: Role; hasSeveralOrganisations?: boolean } | null;
  counts: { toSign: number; inSigning: number } | null;
  /** The demo's keys and certificates prove nothing: every page says so. */
  demo: boolean;
  /** Name for the letterhead of pages without a menu; null when the installation serves several organisations. */
  letterhead?: { kk: string; ru: string } | null;
  flash?: Flash | null;
  now: Instant;
}

export interface Flash {
  tone: 'ok' | 'info' | 'warn' | 'bad';
  /** Full key of the locale files, for example `flash.sent` or `errors.route.closed`. */
  key: string;
  params?: Params;
  /** Shown small under the text when a person has to quote it. */
  requestId?: string;
}

// ---------------------------------------------------------------- shared pieces

export type { Direction, DocumentKind, DocumentState, StageKind, StageRule };
export type VerdictName = 'valid' | 'indeterminate' | 'invalid';

export interface Due {
  date: CivilDate;
  state: 'ok' | 'soon' | 'today' | 'overdue';
  /** Working days past the date; only when overdue. */
  workingDaysLate?: number;
}

export interface Delivery {
  state: 'queued' | 'sent' | 'delivered' | 'opened' | 'failed';
  at: Instant | null;
  /** The mail server's own words, for example `550 no such mailbox`. */
  detail?: string | null;
}

export interface FileView {
  id: string;
  name: string;
  sizeBytes: number;
  /** Decides how the viewer shows it. */
  display: 'pdf' | 'image' | 'download';
  /** Bytes for the viewer (same origin; PDF and images may be inline). */
  viewUrl: string;
  downloadUrl: string;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** Keyset paging: links are ready to use, with the filter inside; null at an end. */
export interface Pager {
  previous: string | null;
  next: string | null;
  shown: number;
  /** Exact total, or null when it was not counted. */
  total: number | null;
  /** The count stopped at `total`: shown as «1 000+». */
  isTotalCapped?: boolean;
}

// ---------------------------------------------------------------- sign-in

/** POST /sign-in: `login`, `password`, `return_to`. One error text for an unknown name and a wrong password. */
export interface SignInPage {
  login: string;
  returnTo: string | null;
  /** `sign_in.failed`, `sign_in.limited` {minutes}, `sign_in.disabled`, `sign_in.directory_down`. */
  error: ErrorRef | null;
  /** Signing in with the phone is offered. */
  usesPhone: boolean;
  /** The directory checks passwords: the hint under the field says so. */
  usesDirectory: boolean;
  /** Demo only: choosing one fills the form (without script the list just shows them). */
  demoAccounts: { login: string; password: string; name: string; organisation: string; role: Role }[];
}
/** POST /sign-in/organisation: `organisation`, `return_to`. */
export interface ChooseOrganisationPage {
  /** `needs`: a better proof than the session has; `isNew`: the organisation has written the reader's IIN down and is entered for the first time. */
  organisations: { id: string; person: string; name: string; role: Role; needs: Proof | null; isNew: boolean }[];
  returnTo: string | null;
  error: ErrorRef | null;
}
/** GET, POST /sign-in/code/:step: `code`, `return_to`. */
export interface SignInCodePage {
  step: string;
  returnTo: string | null;
  error: ErrorRef | null;
}
/** GET, POST /sign-in/forgot: `who`. `asked`: what was typed, once a letter may be on its way. */
export interface ForgotPage {
  asked: string | null;
  usesDirectory: boolean;
  error: ErrorRef | null;
}
/** A new password, typed twice: `password`, `repeat`, and `current` where it is asked for. */
export interface NewPasswordPage {
  action: string;
  login: string;
  asksCurrent: boolean;
  /** The password in use was chosen by somebody else. */
  isFirst: boolean;
  errors: FieldErrors;
}
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
/** Asks who is at the screen before something weighty; the form goes to `action` with `fields` unchanged. */
export interface ProvePage {
  action: string;
  fields: { name: string; value: string }[];
  usesPassword: boolean;
  key: KeyForm | null;
  error: ErrorRef | null;
}
/** GET, POST /settings/sign-in: `proof.owner` … `proof.user`. */
export interface SignInRulesPage {
  rules: { role: Role; proof: Proof }[];
  proofs: Proof[];
  command: string;
  error: ErrorRef | null;
}

// ---------------------------------------------------------------- lists

/** What a GET filter form holds; empty strings when not set. Field names are the property names. */
export interface ListFilter {
  q: string;
  /** /to-sign: `sign` or `approve`; elsewhere a DocumentKind. */
  kind: string;
  /** /documents: a DocumentState; /in-signing: '' | 'mine' | 'outside' | 'undelivered' | 'overdue'; /to-sign: '' | 'overdue'. */
  state: string;
  /** Person or organisation, free text. */
  who: string;
  /** CivilDate or ''. */
  from: string;
  to: string;
}
export interface DocumentRow {
  id: string;
  href: string;
  title: string;
  number: string | null;
  kind: DocumentKind;
  sizeBytes: number;
  counterparty: string | null;
  initiator: string;
}
export interface ToSignRow extends DocumentRow {
  action: StageKind;
  since: Instant;
  due: Due | null;
}
export interface InSigningRow extends DocumentRow {
  /** `index` counts from 1. */
  stage: { kind: StageKind; index: number; count: number };
  /** People the route waits for now. */
  awaited: { name: string; isOutside: boolean; delivery: Delivery | null }[];
  sentAt: Instant;
  due: Due | null;
}
export interface AllDocumentsRow extends DocumentRow {
  state: DocumentState;
  updatedAt: Instant;
  due: Due | null;
}
export interface TrashRow extends DocumentRow {
  deletedAt: Instant;
}
interface ListPage<Row> {
  filter: ListFilter;
  /** Something of the filter is set: the empty page then offers to clear it. */
  isFiltered: boolean;
  rows: Row[];
  pager: Pager;
}
/** GET /to-sign */
export interface ToSignPage extends ListPage<ToSignRow> {
  groups: OpenGroup[];
  choose: ChooseMany | null;
  counts: { all: number; sign: number; approve: number; overdue: number };
}
/** GET /in-signing */
export interface InSigningPage extends ListPage<InSigningRow> {
  counts: { all: number; mine: number; outside: number; undelivered: number; overdue: number };
}
/** GET /documents */
export type DocumentsPage = ListPage<AllDocumentsRow>;
/** GET /trash; POST /documents/:id/restore. */
export type TrashPage = ListPage<TrashRow>;

// ---------------------------------------------------------------- new documents

/**
 * POST /uploads, multipart, fields in this order: `_csrf`, `command`, `file` (several without script, exactly one a request with
 * it). With `HX-Request` the answer is `fragments/upload-row` (200, 413, 415, 422 alike); without, this page again with `results`.
 */
export interface NewDocumentPage {
  command: string;
  maxBytes: number;
  /** For the picker: `.pdf`, `.docx`, … */
  accepts: string[];
  results: UploadRow[];
}
export interface UploadRow {
  /** Command of this upload: the element id is `upload-<command>`; a retry sends the same command. */
  command: string;
  fileName: string;
  sizeBytes: number | null;
  draftHref: string | null;
  error: ErrorRef | null;
}

// ---------------------------------------------------------------- draft editor

/**
 * The one form of a draft: POST /documents/:id/edit, urlencoded, flat names, indexes from 0.
 *
 *   _csrf command rev
 *   title kind number date direction counterparty_name counterparty_bin message remind_days ('' | days)
 *   stage.0.kind  stage.0.rule  stage.0.due
 *   stage.0.person.0 = user:<ULID>  |  outside:<base64url of JSON {"email","name","iin"}>
 *   stage.0.search (text in the search field of the stage)   stage.0.outside.email  .name  .iin (the invitation form)
 *   do = save | send | add-stage | remove-stage:0 | up-stage:1 | down-stage:0 | find:0
 *      | add-person:0:<userId> | add-outside:0 | remove-person:0:2
 *
 * Pressing Enter in a field posts `do=save`; with text left in `stage.N.search` treat that as `find:N`. Every answer is the fragment
 * `fragments/documents/editor` (or the page); `send` that went through: `HX-Redirect` or 303 to the document. Moving is `up-stage:N`,
 * `down-stage:N`; a refused person is named in `errors` by `stage.N.person.M`.
 */
export interface EditorForm {
  documentId: string;
  command: string;
  rev: number;
  title: string;
  kind: string;
  number: string;
  /** CivilDate or ''. */
  date: string;
  direction: Direction | '';
  counterpartyName: string;
  counterpartyBin: string;
  message: string;
  /** Days between reminders as typed; '' for none. */
  remindDays: string;
  stages: EditorStage[];
  /** Keys are posted names: `title`, `counterparty_bin`, `stage.0.due`, `stage.0.people`, `stage.0.outside.email`, `route`, `form`. */
  errors: FieldErrors;
  savedAt: Instant | null;
  /** Last save went through just now: the head says so. */
  isJustSaved?: boolean;
  /** Id of the control that takes the focus after the swap, as made by `editorFocus` below. */
  focus: string | null;
  file: FileView;
  canDelete: boolean;
}
export interface EditorStage {
  kind: StageKind;
  rule: StageRule;
  /** CivilDate or ''. */
  due: string;
  people: EditorPerson[];
  search?: string;
  /** Answer of `find:N` for a browser without script; undefined hides the list. */
  suggestions?: PersonSuggestion[];
  /** What was typed in the invitation form; kept when it was refused. */
  outside?: { email: string; name: string; iin: string };
}
export type EditorPerson =
  { type: 'member'; userId: string; name: string; position: string | null } | { type: 'outside'; email: string; name: string; iin: string };
export interface PersonSuggestion {
  userId: string;
  name: string;
  position: string | null;
  /** Already in this stage: shown, cannot be chosen. */
  isTaken: boolean;
}
/** GET /people/suggest?q=&stage= */
export interface SuggestFragment {
  stage: number;
  q: string;
  /** null: nothing was asked yet, the list stays hidden. */
  people: PersonSuggestion[] | null;
}
/** Ids of the editor's controls a server may send the focus to. */
export const editorFocus = {
  stageKind: (stage: number): string => `stage-${stage}-kind`,
  search: (stage: number): string => `stage-${stage}-search`,
  outsideEmail: (stage: number): string => `stage-${stage}-outside-email`,
  addStage: (): string => 'add-stage',
  moveUp: (stage: number): string => `stage-${stage}-up`,
  moveDown: (stage: number): string => `stage-${stage}-down`,
  errors: (): string => 'editor-errors',
};
export interface EditorPage {
  form: EditorForm;
}

// ---------------------------------------------------------------- document

export type DocumentAction = 'sign' | 'approve' | 'refuse' | 'extend' | 'withdraw' | 'remind' | 'reupload' | 'edit' | 'delete';

/** Head of the document page: GET /documents/:id/head gives it alone. */
export interface DocumentHead {
  id: string;
  title: string;
  number: string | null;
  state: DocumentState;
  /** What the reader is asked for now, if anything. */
  asked: StageKind | null;
  due: Due | null;
  counterparty: string | null;
  attempt: number;
  can: Partial<Record<DocumentAction, boolean>>;
  rev: number;
  downloads: { original: FileView; hasSignatures: boolean; hasSheet: boolean };
  /** Set when the state is refused or withdrawn: who, when, in which words. */
  ending?: { by: string; at: Instant; remark: string | null } | null;
}
export interface DocumentCard {
  kind: DocumentKind;
  number: string | null;
  date: CivilDate | null;
  direction: Direction;
  counterpartyName: string | null;
  counterpartyBin: string | null;
  initiator: { name: string; position: string | null };
  createdAt: Instant;
  message: string | null;
  file: FileView;
  /** Other attempts of the same document: an earlier refused one, a later one. */
  attempts: { attempt: number; href: string; state: DocumentState; at: Instant; isCurrent: boolean }[];
}
/** GET /documents/:id/route; polls itself every 4 s while `isLive`, at `pollUrl`. */
export interface RouteView {
  /** `/documents/<id>` or `/invitations/<token>`: forms and links of the fragment start with it. */
  base: string;
  rev: number;
  isLive: boolean;
  pollUrl: string;
  state: DocumentState;
  stages: RouteStage[];
  signatures: SignatureView[];
  canRemind: boolean;
  /** The address of the public check page, when there is something to check. */
  checkUrl: string | null;
}
export interface RouteStage {
  kind: StageKind;
  rule: StageRule;
  due: Due | null;
  state: 'waiting' | 'active' | 'done' | 'refused' | 'stopped';
  people: RoutePerson[];
}
export interface RoutePerson {
  id: string;
  name: string;
  /** Position, or the organisation of an outside person. */
  sub: string | null;
  isOutside: boolean;
  isReader: boolean;
  /** `not-needed`: another answered for a stage of rule «any», or the route ended before. */
  state: 'waiting' | 'asked' | 'signed' | 'approved' | 'refused' | 'not-needed';
  /** When asked. */
  since: Instant | null;
  /** When answered. */
  at: Instant | null;
  remark: string | null;
  /** One-person link of an outside person, for those who may revoke it; null otherwise. */
  link: 'open' | 'revoked' | null;
  /** Invitation by mail; null when none was sent or the reader may not see it. */
  delivery: Delivery | null;
}
export interface SignatureView {
  id: string;
  verdict: VerdictName;
  /** Dotted reason of the report, worded by `verdict.<code>`. */
  code: string;
  name: string;
  iin: string;
  organisation: string | null;
  bin: string | null;
  /** Roles of the certificate, worded by `certificateRole.<id>`; an unknown one is shown as it is. */
  roles: string[];
  purpose: StageKind;
  at: Instant;
  /** What vouches for the time: a time-stamp, the receipt by this server, or only the signer's clock. */
  timeSource: 'timestamp' | 'received' | 'claimed';
  level: string;
  checks: { name: string; result: 'pass' | 'fail' | 'not checked'; detail: string | null }[];
  certificate: { serial: string; issuer: string; algorithm: string; notBefore: Instant; notAfter: Instant } | null;
  /** Download of the CMS; null on pages that do not offer it. */
  cmsUrl: string | null;
  /** How far its proof has come; null where that is not known or not shown. */
  proof: ProofView | null;
  /** The whole report; null on pages that do not offer it. */
  reportUrl: string | null;
}
/** GET /documents/:id */
export interface DocumentPage {
  head: DocumentHead;
  card: DocumentCard;
  route: RouteView;
}

/** GET and POST <base>/approve | refuse | extend | withdraw | reupload | delete: dialog with htmx, page without. Fields `remark`; extend: `due`; reupload: `file`. */
export interface DecisionForm {
  kind: 'approve' | 'refuse' | 'extend' | 'withdraw' | 'reupload' | 'delete';
  /** `/documents/<id>` or `/invitations/<token>`. */
  base: string;
  title: string;
  rev: number;
  command: string;
  remark: string;
  errors: FieldErrors;
  /** Extend only: the deadline of the stage asked now, empty for none. */
  due?: string;
  /** Reupload only. */
  accepts?: string[];
  maxBytes?: number;
}

/** GET /documents/:id/history */
export interface HistoryPage {
  document: { id: string; title: string };
  chain: { isWhole: boolean; count: number; checkedAt: Instant; lastHash: string | null };
  events: HistoryEvent[];
  pager: Pager;
}
export interface HistoryEvent {
  number: number;
  at: Instant;
  /** null: Kense itself. */
  who: string | null;
  /** Worded by `history.<action>`; an unknown action is shown as it is. */
  action: string;
  params?: Params;
  remark: string | null;
  from: string | null;
  /** Hexadecimal, whole; the page shows its ends. */
  hash: string;
}

// ---------------------------------------------------------------- signing

/** Which key is wanted: worded by `requiredKey.<id>`. */
export type RequiredKey = 'individual' | 'organisation' | 'first-head' | 'signer' | 'any';

/**
 * GET <base>/sign: dialog with htmx, page without. GET `sessionUrl` → SigningSessionJson. POST `postUrl`, urlencoded `_csrf`, `command`, `cms`
 * (base64 DER): answers `fragments/signing/result` (200 accepted, 409 or 422 refused) or `fragments/command-pending` (202).
 */
export interface SignPage {
  base: string;
  title: string;
  file: FileView;
  signer: { name: string; iin: string };
  onBehalf: { name: string; bin: string } | null;
  requiredKey: RequiredKey;
  command: string;
  expiresAt: Instant;
  sessionUrl: string;
  postUrl: string;
  /** wss://127.0.0.1:13579 or the simulator's address. */
  ncalayerUrl: string;
  /** Demo: page of the simulator's small window with the keys. */
  simulatorUrl: string | null;
  /** The same with the phone; null where it is not offered. */
  phoneUrl: string | null;
}
export interface SigningSessionJson {
  documentUrl: string;
  fileName: string;
  sizeBytes: number;
  digestSha256: string;
  digestStreebog: string;
  extKeyUsageOids: string[];
  iin: string | null;
  bin: string | null;
  /** CA certificates, base64 DER, when the keys do not chain to NCALayer's own list (demo); null otherwise. */
  chain: string[] | null;
  /** Ask the authority's clock for a time-stamp through NCALayer. */
  wantsTimestamp: boolean;
}
export interface SigningResult {
  base: string;
  /** null when the signature was refused. */
  verdict: VerdictName | null;
  /** Accepted: the dotted verdict code. */
  code: string;
  /** Refused: why (`signing.wrong_iin`, `digest.mismatch`, `certificate.expired`, …). */
  error: ErrorRef | null;
  certificateName: string | null;
  documentHref: string;
}

// ---------------------------------------------------------------- outside people

/** GET /invitations/:token; POST <base>/approve | refuse; GET <base>/sign. */
export interface InvitationPage {
  base: string;
  state: 'open' | 'expired' | 'revoked' | 'answered' | 'closed';
  action: StageKind;
  invitee: { name: string; email: string };
  sender: { name: string; organisation: string; email: string | null };
  message: string | null;
  expiresAt: Instant;
  answer: { kind: 'signed' | 'approved' | 'refused'; at: Instant; remark: string | null } | null;
  /** Not given for `expired` and `revoked`: the link no longer opens the document. */
  document: { title: string; number: string | null; kind: DocumentKind; file: FileView; route: RouteView } | null;
}

// ---------------------------------------------------------------- public check

/** GET /check; POST /check, multipart: `_csrf`, `file` (not needed when the CMS holds the document), `signature`. */
export interface CheckPage {
  errors: FieldErrors;
}
/** POST /check and GET /check/:code (POST there: `_csrf`, `file`, to compare). */
export interface CheckResultPage {
  /** From the QR code; null for an uploaded pair. */
  code: string | null;
  verdict: VerdictName;
  /** Why, when one reason stands for all; null: told per signer. */
  reason: string | null;
  document: { title: string | null; number: string | null; fileName: string | null; sizeBytes: number | null; sha256: string | null };
  /** Title and file name are what an uploaded pack or card calls the document: no signature covers them. */
  isOwnWord: boolean;
  signers: SignatureView[];
  checkedAt: Instant;
  /** Result of the comparison with an uploaded file; null when none was given. */
  comparison: 'same' | 'different' | null;
  /** What is wrong with an uploaded pack beside its signatures. */
  bundle?: { changed: number; isLogBroken: boolean } | null;
  errors: FieldErrors;
}
/** GET /check/:token/waiting: a check that waits for its turn or is under way; the page looks again by itself. */
export interface CheckWaitingPage {
  token: string;
  /** How many checks stand before this one; null when it is under way. */
  ahead: number | null;
}
/** GET /check/:code for a code nobody gave out. */
export interface CheckUnknownPage {
  code: string;
}

// ---------------------------------------------------------------- settings

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

// ---------------------------------------------------------------- the rest

export interface ErrorPage {
  status: 400 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 500 | 503;
  /** A more exact sentence than the status has, if there is one. */
  error?: ErrorRef | null;
  requestId: string;
  retryAfterSeconds?: number;
}
/** 202: polls GET /commands/:command every 2 s; that answers this again, or `HX-Redirect`, or `fragments/flash`. */
export interface CommandPending {
  command: string;
  /** Where to look meanwhile. */
  href: string;
  startedAt: Instant;
}
export interface FlashFragment extends Flash {
  /** True: swapped into `#flash` whatever the target of the request was. */
  outOfBand?: boolean;
}

// ---------------------------------------------------------------- mail

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

// ---------------------------------------------------------------- template name → data

export interface Pages {
  'pages/sign-in': SignInPage;
  'pages/sign-in-eds': SignInEdsPage;
  'pages/settings/key': ConfirmKeyPage;
  'pages/signatures/show': SignatureReportPage;
  'pages/signatures/sheet': SignatureReportPage;
  'pages/choose-organisation': ChooseOrganisationPage;
  'pages/sign-in-code': SignInCodePage;
  'pages/forgot': ForgotPage;
  'pages/new-password': NewPasswordPage;
  'pages/settings/second-factor': SecondFactorPage;
  'pages/settings/sign-in': SignInRulesPage;
  'pages/prove': ProvePage;
  'pages/to-sign': ToSignPage;
  'pages/in-signing': InSigningPage;
  'pages/documents/list': DocumentsPage;
  'pages/documents/new': NewDocumentPage;
  'pages/documents/edit': EditorPage;
  'pages/documents/show': DocumentPage;
  'pages/documents/history': HistoryPage;
  'pages/documents/decision': DecisionForm;
  'pages/documents/sign': SignPage;
  'pages/trash': TrashPage;
  'pages/invitations/show': InvitationPage;
  'pages/invitations/decision': DecisionForm;
  'pages/invitations/sign': SignPage;
  'pages/check/form': CheckPage;
  'pages/check/result': CheckResultPage;
  'pages/check/unknown': CheckUnknownPage;
  'pages/check/waiting': CheckWaitingPage;
  'pages/settings/sessions': SessionsPage;
  'pages/settings/people': PeoplePage;
  'pages/settings/directory': DirectoryPage;
  'pages/groups/show': GroupPage;
  'pages/settings/modules': ModulesPage;
  'pages/documents/phone': PhoneSignPage;
  'pages/invitations/phone': PhoneSignPage;
  'pages/sign-in-qr': SignInPhonePage;
  'pages/settings/key-phone': ConfirmPhonePage;
  'pages/settings/phone': PhoneCheckPage;
  'pages/keys': Record<string, never>;
  'pages/error': ErrorPage;
  'pages/command-pending': CommandPending;
}
export interface Fragments {
  'fragments/flash': FlashFragment;
  'fragments/command-pending': CommandPending;
  /** A number of the menu, swapped in beside another answer. */
  'fragments/counter': { id: 'counter-to-sign' | 'counter-in-signing'; count: number };
  /** Root `#list` of the four lists, for filters and paging. */
  'fragments/lists/to-sign': ToSignPage;
  'fragments/lists/in-signing': InSigningPage;
  'fragments/lists/documents': DocumentsPage;
  'fragments/lists/trash': TrashPage;
  'fragments/upload-row': UploadRow;
  'fragments/documents/editor': EditorForm;
  'fragments/documents/suggest': SuggestFragment;
  'fragments/documents/head': DocumentHead;
  'fragments/documents/route': RouteView;
  'fragments/documents/decision': DecisionForm;
  'fragments/signing/dialog': SignPage;
  'fragments/signing/result': SigningResult;
  'fragments/settings/people': PeoplePage;
  'fragments/settings/directory-preview': DirectoryPreview;
  'fragments/groups/work': GroupPage;
  'fragments/groups/look': GroupLookPage;
  'fragments/phone/state': PhoneStateView;
  'fragments/phone/dialog': PhoneSignPage;
  'fragments/keys': Record<string, never>;
  'fragments/prove': ProvePage;
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
