import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defaultTreeAdapter as tree, type DefaultTreeAdapterTypes, parse, parseFragment } from 'parse5';
import { contextOf } from '../../scripts/gallery/context';
import { fragments, mails, pages } from '../../scripts/gallery/samples';
import { createRenderer } from '../../server/kit/render';
import { mailRenderer } from '../../services/mail/render';
import type { Mails } from '../../services/mail/templates';
import { langs, openTexts } from '../../services/texts/i18n';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

const root = path.join(__dirname, '../..');
const texts = openTexts({ root, isStrict: false });
const render = createRenderer(texts, { root, isStrict: false });
const renderMail = mailRenderer(texts, { root, isStrict: false });
const folder = path.join(root, 'views');
const templates = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ejs'));

const elementsOf = (node: Node): Element[] => {
  const children: Node[] = 'childNodes' in node ? node.childNodes : [];
  const inside = 'content' in node ? elementsOf(node.content) : [];
  return [...(tree.isElementNode(node) ? [node] : []), ...children.flatMap(elementsOf), ...inside];
};

const attr = (element: Element, name: string): string | undefined => element.attrs.find((a) => a.name === name)?.value;

const rendered = new Map<string, string>();
const html = (label: string, lang: 'ru' | 'kk' | 'en' = 'ru'): string => {
  const key = `${label} ${lang}`;
  const sample = pages.find((page) => page.label === label)!;
  const page = rendered.get(key) ?? render.pageHtml(sample.name, sample.data, contextOf(sample.name, label, lang, 'light'));
  rendered.set(key, page);
  return page;
};

const inAllLangs = pages.flatMap(({ label }) => langs.map((lang) => [label, lang] as const));

test('every page of the interface has a sample', () => {
  const shown = new Set(pages.map(({ name }) => `${name}.ejs`));
  expect(templates.filter((file) => file.startsWith('pages/') && !shown.has(file as never))).toEqual([]);
  const fragmentsShown = new Set(fragments.map(({ name }) => `${name}.ejs`));
  expect(templates.filter((file) => file.startsWith('fragments/') && !fragmentsShown.has(file as never))).toEqual([]);
});

describe.each(inAllLangs)('%s in %s', (label, lang) => {
  const document = parse(html(label, lang));
  const elements = elementsOf(document);

  test('has a language, a title, one main heading and no words of a template left', () => {
    const tagged = (name: string): Element[] => elements.filter((e) => e.tagName === name);
    expect(attr(tagged('html')[0]!, 'lang')).toBe(lang);
    expect(tagged('title')).toHaveLength(1);
    expect(tagged('h1')).toHaveLength(1);
    expect(html(label, lang)).not.toMatch(/undefined|\[object |NaN|\{\w+\}(?!")/);
  });

  test('gives each id once and points labels and descriptions at ids that exist', () => {
    const ids = elements.flatMap((e) => attr(e, 'id') ?? []);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    const known = new Set(ids);
    const pointed = elements.flatMap((e) => [
      attr(e, 'for'),
      ...(attr(e, 'aria-describedby')?.split(' ') ?? []),
      ...(attr(e, 'aria-labelledby')?.split(' ') ?? []),
    ]);
    expect(pointed.filter((id) => id !== undefined && id !== '' && !known.has(id))).toEqual([]);
  });

  test('posts every form with the token, and with real addresses beside those of htmx', () => {
    for (const form of elements.filter((e) => e.tagName === 'form' && attr(e, 'method') === 'post')) {
      const names = elementsOf(form).flatMap((e) => attr(e, 'name') ?? []);
      expect(names).toContain('_csrf');
      expect(attr(form, 'action')).toMatch(/^\//);
    }
    for (const element of elements.filter((e) => attr(e, 'hx-get') !== undefined && e.tagName === 'a'))
      expect(attr(element, 'href')).toBeTruthy();
    for (const element of elements.filter((e) => attr(e, 'hx-post') !== undefined && e.tagName === 'form'))
      expect(attr(element, 'action')).toBe(attr(element, 'hx-post'));
  });

  test('holds nothing the content policy would stop', () => {
    for (const element of elements) {
      const names = element.attrs.map(({ name }) => name);
      expect(names.filter((name) => name === 'style' || name.startsWith('on') || name.startsWith('hx-on'))).toEqual([]);
      expect(attr(element, 'hx-vals') ?? '').not.toMatch(/^(js|javascript):/);
      expect(attr(element, 'hx-trigger') ?? '').not.toMatch(/\[/);
    }
    expect(elements.filter((e) => e.tagName === 'script' && attr(e, 'src') === undefined)).toEqual([]);
    expect(elements.filter((e) => e.tagName === 'style')).toEqual([]);
    const outside = elements
      .flatMap((e) => [attr(e, 'src'), e.tagName === 'link' ? attr(e, 'href') : undefined])
      .filter((url) => url !== undefined && /^(https?:)?\/\//.test(url));
    expect(outside).toEqual([]);
  });
});

test.each(fragments.map((sample, index) => [sample.name, index] as const))('%s (sample %i) has one root', (_name, index) => {
  const { name, data } = fragments[index]!;
  const fragment = parseFragment(render.fragmentHtml(name, data as never, contextOf(name, '', 'ru', 'light')));
  expect(fragment.childNodes.filter((node) => tree.isElementNode(node))).toHaveLength(1);
});

test.each((Object.keys(mails) as (keyof Mails)[]).flatMap((name) => langs.map((lang) => [name, lang] as const)))(
  'mail %s in %s is whole in text and HTML',
  (name, lang) => {
    const mail = renderMail(name, mails[name], lang);
    const data: { title?: string; url: string } = mails[name];
    if (data.title) expect(mail.subject).toContain(data.title);
    else expect(mail.subject).not.toBe('');
    expect(mail.text).toContain(data.url);
    if (data.title) expect(mail.text).toContain('<трансформаторы>');
    expect(mail.html).toContain(`href="${data.url}"`);
    expect(mail.html).not.toContain('<трансформаторы>');
    expect(mail.text + mail.html).not.toMatch(/undefined|\[object |NaN/);
  },
);

test('a mail subject stays on one line', () => {
  const mail = renderMail('completed', { ...mails.completed, title: 'a\r\nBcc: everyone@example.kz' }, 'ru');
  expect(mail.subject).not.toMatch(/[\r\n]/);
});

test('what people typed is shown as text, never as markup', () => {
  expect(html('to-sign')).toContain('Счёт &lt;b&gt;на оплату&lt;/b&gt;');
  expect(html('to-sign')).not.toContain('<b>на оплату');
});

test('a sentence with bold parts escapes what is put into it', () => {
  const sample = pages.find(({ label }) => label === 'document-refused')!;
  const data = structuredClone(sample.data) as { head: { ending: { by: string } } };
  data.head.ending.by = '**<img src=x>**';
  const page = render.pageHtml('pages/documents/show', data as never, contextOf('pages/documents/show', '', 'ru', 'light'));
  expect(page).not.toContain('<img src=x>');
});

// `<%-` puts text into the page as it is: it is left to includes, the finished body and the helpers that escape by themselves.
test.each(templates.map((file) => [file] as const))('%s puts only safe HTML into the page', (file) => {
  const source = readFileSync(path.join(folder, file), 'utf8');
  const raw = [...source.matchAll(/<%-\s*([\s\S]*?)\s*-?%>/g)].map((match) => match[1]!);
  expect(raw.filter((code) => !/^(include\(|it\.(icon|rich|time)\(|it\.body$)/.test(code))).toEqual([]);
});

test('the masked IIN is all that is shown of it', () => {
  for (const label of ['document', 'sign', 'check-valid', 'editor'])
    expect(html(label).replace(/value="outside:[^"]*"/g, '')).not.toMatch(/810412300214|880412400214|850412300017/);
});
