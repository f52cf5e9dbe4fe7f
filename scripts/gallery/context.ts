import type { Lang } from '../../domain/languages';
import type { Theme, ViewContext } from '../../server/kit/views';
import { now } from './samples';

const openToAll = new Set([
  'pages/sign-in',
  'pages/sign-in-eds',
  'pages/signatures/sheet',
  'pages/choose-organisation',
  'pages/check/form',
  'pages/check/result',
  'pages/check/unknown',
  'pages/check/waiting',
]);

/** What a page knows of its reader, in the gallery. */
export const contextOf = (name: string, label: string, lang: Lang, theme: Theme): ViewContext => {
  const isPublic = openToAll.has(name) || name.startsWith('pages/invitations');
  const menus = {
    'pages/to-sign': 'to-sign',
    'pages/groups/show': 'to-sign',
    'pages/in-signing': 'in-signing',
    'pages/documents/new': 'new',
    'pages/trash': 'trash',
  } as const;
  const menu = name in menus ? menus[name as keyof typeof menus] : name.startsWith('pages/settings') ? 'settings' : 'documents';
  return {
    lang,
    theme,
    menu,
    path: name.startsWith('pages/check') ? '/check' : `/page/${lang}/${theme}/${label}`,
    csrf: 'token',
    actor: isPublic ? null : { name: 'Ахметова Д. С.', organisation: 'ТОО «Алатау Сервис»', role: 'owner', hasSeveralOrganisations: true },
    counts: isPublic ? null : { toSign: 12, inSigning: 27 },
    demo: true,
    letterhead: { kk: '«Алатау Сервис» ЖШС', ru: 'ТОО «Алатау Сервис»' },
    now,
  };
};
