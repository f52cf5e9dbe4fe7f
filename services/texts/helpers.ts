import { ulid } from 'ulid';
import * as format from './format';
import type { Translator } from './i18n';
import type { ErrorRef, Instant, Params } from './types';

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Everything a template may call, for one reader. Those that return HTML are `icon`, `rich` and `time`; a test lets `<%-` reach no others. */
export function helpersFor(translator: Translator, now: Instant, assetsUrl: string, isStrict: boolean) {
  const { t, has, number, lang } = translator;
  const when = (instant: Instant): string => {
    const { day, date } = format.nearness(instant, now);
    return `${day ? t(`time.${day}`) : date} ${format.formatTime(instant)}`;
  };
  const timeTexts = { when, full: (i: Instant) => format.formatDateTime(i), seconds: (i: Instant) => format.formatDateTime(i, true) };
  return {
    t,
    has,
    number,
    lang,
    zone: format.zoneName,
    icon: (name: string, variant = ''): string =>
      `<svg class="icon${variant === '' ? '' : ` ${escapeHtml(variant)}`}" aria-hidden="true"><use href="${assetsUrl}/icons.svg#${escapeHtml(name)}"/></svg>`,
    /** A sentence with `**bold**` parts; parameters are escaped. */
    rich: (key: string, params: Params = {}): string => escapeHtml(t(key, params)).replace(/\*\*(.+?)\*\*/g, '<b>$1</b>'),
    time: (instant: Instant, style: keyof typeof timeTexts = 'when'): string =>
      `<time datetime="${escapeHtml(instant)}">${escapeHtml(timeTexts[style](instant))}</time>`,
    when,
    /** Date and time without the words «today» and «yesterday», for the middle of a sentence. */
    dayTime: (instant: Instant): string => `${format.nearness(instant, now).date} ${format.formatTime(instant)}`,
    dateTime: timeTexts.full,
    date: format.formatDate,
    /** The calendar day of an instant, in Kazakhstan. */
    dayOf: (instant: Instant): string => format.formatDate(format.civilDay(instant)),
    today: format.civilDay(now),
    fileSize: (bytes: number): string => format.formatFileSize(bytes, lang, number),
    maskIin: format.maskIin,
    digits: format.groupDigits,
    shortHash: format.shortHash,
    groupHash: format.groupHash,
    asset: (file: string): string => `${assetsUrl}/${file}`,
    newId: (): string => ulid(),
    /** Element id of a posted field: `stage.0.due` → `stage-0-due`. */
    fieldId: (name: string): string => name.replace(/[._]/g, '-'),
    /** What a person calls that field, for the summary of errors; empty when the refusal says it all. */
    fieldName: (name: string): string => {
      const stage = /^(?:stage|group|role)\.(\d+)/.exec(name);
      if (stage) return t(name.startsWith('stage') ? 'field.stage' : 'field.row', { n: Number(stage[1]) + 1 });
      return has(`field.${name}`) ? t(`field.${name}`) : '';
    },
    /** An outside person as the editor's form carries them. */
    encodeOutside: ({ email, name, iin }: { email: string; name: string; iin: string }): string =>
      Buffer.from(JSON.stringify({ email, name, iin })).toString('base64url'),
    /** A refusal in words; production shows a code without words rather than failing the page. */
    errorText: (error: ErrorRef): string =>
      isStrict && !has(`errors.${error.code}`) ? t('errors.unknown', { code: error.code }) : t(`errors.${error.code}`, error.params),
    verdictText: (code: string): string => (isStrict && !has(`verdict.${code}`) ? code : t(`verdict.${code}`)),
    /** Words for an id that data brought in, or the id itself when it is not one of ours. */
    nameOf: (group: string, id: string, params?: Params): string => (has(`${group}.${id}`) ? t(`${group}.${id}`, params) : id),
  };
}
