import type { Direction, DocumentKind, DocumentState } from '../../domain/documents/document';
import type { StageKind, StageRule } from '../../domain/routes/route';
import type { ListFilter } from '../../services/documents/filter';
import type { CivilDate, ErrorRef, Instant, Params } from '../../services/texts/types';
import type { Due } from '../kit/parts/due';
import type { FileView } from '../kit/parts/file';
import type { ChooseMany, OpenGroup } from '../kit/parts/open-groups';
import type { Delivery, RouteView } from '../kit/parts/route';
import type { FieldErrors, Pager } from '../kit/views';

interface ListPage<Row> {
  filter: ListFilter;
  /** Something of the filter is set: the empty page then offers to clear it. */
  isFiltered: boolean;
  rows: Row[];
  pager: Pager;
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

declare module '../kit/views' {
  interface Pages {
    'pages/to-sign': ToSignPage;
    'pages/in-signing': InSigningPage;
    'pages/documents/list': DocumentsPage;
    'pages/documents/new': NewDocumentPage;
    'pages/documents/edit': EditorPage;
    'pages/documents/show': DocumentPage;
    'pages/documents/history': HistoryPage;
    'pages/documents/decision': DecisionForm;
    'pages/trash': TrashPage;
    'pages/invitations/decision': DecisionForm;
  }
  interface Fragments {
    /** Root `#list` of the four lists, for filters and paging. */
    'fragments/lists/to-sign': ToSignPage;
    'fragments/lists/in-signing': InSigningPage;
    'fragments/lists/documents': DocumentsPage;
    'fragments/lists/trash': TrashPage;
    'fragments/upload-row': UploadRow;
    'fragments/documents/editor': EditorForm;
    'fragments/documents/suggest': SuggestFragment;
    'fragments/documents/head': DocumentHead;
    'fragments/documents/decision': DecisionForm;
  }
}
