import type { Lang } from '../../domain/languages';
import type { OutboxTemplate } from '../../storage/outbox';
import type { MailTemplate } from '../../storage/queries/mail';
import { helpersFor } from '../texts/helpers';
import type { TranslatorOf } from '../texts/i18n';
import { openTemplates } from '../texts/templates';
import type { Mails } from './templates';

/** Subject and both bodies of a mail in the language of its reader. */
export type RenderMail = <Name extends keyof Mails>(
  name: Name,
  data: Mails[Name],
  lang: Lang,
) => { subject: string; text: string; html: string };

/** The same for a mail that waited in the record: its data were made for its template by who queued it. */
export type RenderQueued = (
  template: MailTemplate | OutboxTemplate | 'audit-head',
  data: Record<string, unknown>,
  lang: Lang,
) => ReturnType<RenderMail>;

const plain = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** Makes the renderer of the mails under `root`. A mail holds no address of this installation's assets: its reader may not reach them. */
export function mailRenderer(texts: TranslatorOf, options: { root: string; isStrict: boolean }): RenderMail {
  const run = openTemplates(options);
  return (name, data, lang) => {
    const locals = {
      ...helpersFor(texts(lang), new Date().toISOString(), '/assets', options.isStrict),
      view: data,
      mail: { subject: '' },
    };
    const html = run(`mail/${name}.html`, locals);
    const text = run(`mail/${name}.text`, locals, plain);
    return { subject: locals.mail.subject.replace(/\s+/g, ' ').trim(), text: `${text.trim()}\n`, html };
  };
}
