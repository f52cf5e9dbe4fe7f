import type { Lang } from '../../domain/languages';
import type { OrganisationRole } from '../../domain/people/roles';
import type { ErrorRef, Instant, Params } from '../../services/texts/types';
import type { NewPasswordPage } from './new-password';
import type { RouteView } from './parts/route';

/**
 * What each template receives: plain data, one interface a page or fragment. Texts that depend on data travel as ids,
 * instants (ISO 8601, UTC) and numbers; the templates turn them into words of the reader's language. `Pages` and
 * `Fragments` tie a template's name to its data, so a presenter that forgets a field does not compile; each area adds its own to them.
 *
 * How the answers fit together
 * - Every form carries `_csrf` (from the context) and `command` (a ULID; kept when the form comes back with 422).
 * - A decision (approve, refuse, withdraw, remind, sign) that went through answers an htmx request with `fragments/flash`
 *   ({ outOfBand: true }) and the headers `HX-Reswap: none`, `HX-Trigger: dialog-close, route-changed`: the dialog closes, the
 *   route reloads itself, the head of the document follows. Without htmx: 303 to the document.
 * - 422 and 409 answer the same form again; other refusals answer `fragments/flash`, which htmx puts into `#flash`.
 * - A focus wish after a swap: header `HX-Trigger-After-Settle: {"focus":"#id"}`, or the field `focus` where a form has one.
 */

export type Theme = 'system' | 'light' | 'dark';

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

/** Template name → data. Each area adds its own in its `pages.ts`. */
export interface Pages {
  'pages/new-password': NewPasswordPage;
  'pages/keys': Record<string, never>;
  'pages/error': ErrorPage;
  'pages/command-pending': CommandPending;
}

export interface Fragments {
  'fragments/flash': FlashFragment;
  'fragments/command-pending': CommandPending;
  /** A number of the menu, swapped in beside another answer. */
  'fragments/counter': { id: 'counter-to-sign' | 'counter-in-signing'; count: number };
  'fragments/documents/route': RouteView;
  'fragments/keys': Record<string, never>;
}
