import path from 'node:path';
import ejs from 'ejs';
import type { Response } from 'express';
import { ulid } from 'ulid';
import * as format from './format';
import { createTranslator, langs, loadTexts, type Translator } from './i18n';
import type { ErrorRef, Fragments, Instant, Lang, Mails, Pages, Params, ViewContext } from './views';

export interface RendererOptions {
  /** Folder that holds `views/` and `locales/`. */
  root: string;
  /** Shows the key of a text that is missing; in the demo and in tests that throws. */
  isStrict: boolean;
  /** Compile each template once. Off only where templates are being edited: compiling again costs more than everything else of a page. */
  isCached?: boolean;
  /** Where `views/assets` is mounted; a version may stand in the path so that browsers can keep files for ever. */
  assetsUrl?: string;
}

export interface Renderer {
  /** Sends a whole page: the template inside its layout. Status and further headers are the caller's. */
  renderPage: <Name extends keyof Pages>(res: Response, name: Name, data: Pages[Name], ctx: ViewContext) => void;
  /** Sends one fragment: what htmx swaps in. */
  renderFragment: <Name extends keyof Fragments>(res: Response, name: Name, data: Fragments[Name], ctx: ViewContext) => void;
  /** The same as text, for tests and for fragments that ride on another answer. */
  pageHtml: <Name extends keyof Pages>(name: Name, data: Pages[Name], ctx: ViewContext) => string;
  fragmentHtml: <Name extends keyof Fragments>(name: Name, data: Fragments[Name], ctx: ViewContext) => string;
  /** Subject and both bodies of a mail in the language of its reader. */
  renderMail: <Name extends keyof Mails>(name: Name, data: Mails[Name], lang: Lang) => { subject: string; text: string; html: string };
  /** Sentences for answers that are not HTML. */
  translator: (lang: Lang) => Translator;
}

/** What a page tells its layout. */
interface Layout {
  name: 'app' | 'sheet';
  title: string;
  mainClass: string;
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Everything a template may call, for one reader. Those that return HTML are `icon`, `rich` and `time`; a test lets `<%-` reach no others. */
function helpersFor(translator: Translator, now: Instant, assetsUrl: string, isStrict: boolean) {
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

/** Makes the renderer of the pages under `root`; reads the locale files at once, so that a broken one stops the start. */
export function createRenderer({ root, isStrict, isCached = true, assetsUrl = '/assets' }: RendererOptions): Renderer {
  const views = path.join(root, 'views');
  const texts = loadTexts(path.join(root, 'locales'));
  const translators = Object.fromEntries(langs.map((lang) => [lang, createTranslator(texts, lang, isStrict)])) as Record<Lang, Translator>;

  const plain = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  const run = (template: string, locals: object, escape?: (value: unknown) => string): string => {
    let html = '';
    const options = { root: views, strict: true, _with: false, localsName: 'it', cache: isCached, compileDebug: !isStrict, escape };
    ejs.renderFile(path.join(views, `${template}.ejs`), locals, options, (error: Error | null, rendered?: string) => {
      if (error) throw error;
      html = rendered ?? '';
    });
    return html;
  };
  const localsOf = (data: object, ctx: ViewContext, layout: Layout) => ({
    ...helpersFor(translators[ctx.lang], ctx.now, assetsUrl, isStrict),
    ctx,
    layout,
    view: data,
  });
  const newLayout = (): Layout => ({ name: 'app', title: '', mainClass: '' });

  const pageHtml: Renderer['pageHtml'] = (name, data, ctx) => {
    const layout = newLayout();
    const locals = localsOf(data, ctx, layout);
    const body = run(name, locals);
    return run(`layouts/${layout.name}`, { ...locals, body });
  };
  const fragmentHtml: Renderer['fragmentHtml'] = (name, data, ctx) => run(name, localsOf(data, ctx, newLayout()));
  const send = (res: Response, html: string): void => {
    res.vary('HX-Request');
    res.type('html').send(html);
  };

  return {
    pageHtml,
    fragmentHtml,
    renderPage: (res, name, data, ctx) => send(res, pageHtml(name, data, ctx)),
    renderFragment: (res, name, data, ctx) => send(res, fragmentHtml(name, data, ctx)),
    renderMail: (name, data, lang) => {
      const locals = {
        ...helpersFor(translators[lang], new Date().toISOString(), assetsUrl, isStrict),
        view: data,
        mail: { subject: '' },
      };
      const html = run(`mail/${name}.html`, locals);
      const text = run(`mail/${name}.text`, locals, plain);
      return { subject: locals.mail.subject.replace(/\s+/g, ' ').trim(), text: `${text.trim()}\n`, html };
    },
    translator: (lang) => translators[lang],
  };
}
