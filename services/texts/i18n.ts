import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Lang } from '../../domain/languages';
import type { Params } from './types';

/**
 * Texts of the interface: `locales/<lang>.json`, nested objects of sentences. A sentence may hold `{name}` parameters; one that
 * depends on a number is an object of CLDR plural forms chosen by the parameter `count`. All three languages must hold the same
 * keys with the same parameters: `textProblems` says where they do not.
 */
export const langs = ['ru', 'kk', 'en'] as const satisfies readonly Lang[];
const localeTags: Record<Lang, string> = { ru: 'ru-KZ', kk: 'kk-KZ', en: 'en-GB' };
const pluralForms = new Set(['zero', 'one', 'two', 'few', 'many', 'other']);

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
type Text = string | Forms;
export type Texts = Record<Lang, ReadonlyMap<string, Text>>;

export interface Translator {
  lang: Lang;
  /** The sentence of this key in this language; an unknown key or a missing parameter throws unless the translator is lenient. */
  t: (key: string, params?: Params) => string;
  has: (key: string) => boolean;
  /** Numbers as this language writes them: `1 180`, `1,4`. */
  number: (value: number, maximumFractionDigits?: number) => string;
}

const isForms = (value: object): value is Forms => 'other' in value && Object.keys(value).every((key) => pluralForms.has(key));

function flatten(node: unknown, prefix: string, into: Map<string, Text>): void {
  if (typeof node === 'string') return void into.set(prefix, node);
  if (typeof node !== 'object' || node === null || Array.isArray(node))
    throw new Error(`locale key ${prefix}: a text or an object is wanted`);
  if (isForms(node)) return void into.set(prefix, node);
  for (const [key, value] of Object.entries(node)) flatten(value, prefix === '' ? key : `${prefix}.${key}`, into);
}

/** Reads the three locale files of a folder; throws on a missing or broken one. */
export function loadTexts(folder: string): Texts {
  const read = (lang: Lang): ReadonlyMap<string, Text> => {
    const texts = new Map<string, Text>();
    flatten(JSON.parse(readFileSync(path.join(folder, `${lang}.json`), 'utf8')), '', texts);
    return texts;
  };
  return { ru: read('ru'), kk: read('kk'), en: read('en') };
}

const paramsOf = (text: Text): string[] => {
  const whole = typeof text === 'string' ? text : Object.values(text).join(' ');
  const names = new Set([...whole.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!));
  if (typeof text !== 'string') names.add('count');
  return [...names].sort();
};

/** Where the languages disagree: keys or parameters one has and another lacks, plural forms a language needs. Empty when all is well. */
export function textProblems(texts: Texts): string[] {
  const problems: string[] = [];
  const keys = new Set(langs.flatMap((lang) => [...texts[lang].keys()]));
  for (const key of keys) {
    const reference = texts.ru.get(key);
    for (const lang of langs) {
      const text = texts[lang].get(key);
      if (text === undefined) problems.push(`${lang}: ${key} is missing`);
      else if (text === '') problems.push(`${lang}: ${key} is empty`);
      else if (reference !== undefined && paramsOf(text).join() !== paramsOf(reference).join())
        problems.push(`${lang}: ${key} has parameters ${paramsOf(text).join()}, ru has ${paramsOf(reference).join()}`);
      else if (typeof text !== 'string') problems.push(...missingForms(lang, key, text));
    }
  }
  return problems;
}

function missingForms(lang: Lang, key: string, text: Forms): string[] {
  const wanted = new Intl.PluralRules(localeTags[lang]).resolvedOptions().pluralCategories;
  return wanted.filter((form) => text[form] === undefined).map((form) => `${lang}: ${key} lacks the form ${form}`);
}

/** A translator of one language. `lenient` shows the key of a missing text instead of throwing: for production only. */
export function createTranslator(texts: Texts, lang: Lang, lenient = false): Translator {
  const rules = new Intl.PluralRules(localeTags[lang]);
  const formats = new Map<number, Intl.NumberFormat>();
  const number = (value: number, maximumFractionDigits = 0): string => {
    let format = formats.get(maximumFractionDigits);
    if (!format) formats.set(maximumFractionDigits, (format = new Intl.NumberFormat(localeTags[lang], { maximumFractionDigits })));
    return format.format(value);
  };
  const fail = (message: string, shown: string): string => {
    if (lenient) return shown;
    throw new Error(message);
  };
  const choose = (key: string, text: Text, params: Params): string => {
    if (typeof text === 'string') return text;
    const count = params.count;
    if (typeof count !== 'number') return fail(`locale key ${key} wants the number «count»`, text.other);
    return text[rules.select(count)] ?? text.other;
  };
  return {
    lang,
    number,
    has: (key) => texts[lang].has(key),
    t: (key, params = {}) => {
      const text = texts[lang].get(key);
      if (text === undefined) return fail(`locale key ${key} is unknown`, key);
      return choose(key, text, params).replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = params[name];
        if (value === undefined) return fail(`locale key ${key} wants the parameter «${name}»`, whole);
        return typeof value === 'number' ? number(value, 1) : value;
      });
    },
  };
}

/** The language to start with for a visitor without a choice of their own, from the header Accept-Language. */
export function preferredLang(acceptLanguage: string | undefined): Lang {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...rest] = part.trim().toLowerCase().split(';');
      const quality = rest.map((r) => /^\s*q=([\d.]+)/.exec(r)?.[1]).find((q) => q !== undefined);
      return { lang: tag.split('-')[0], quality: Number(quality ?? 1) };
    })
    .sort((a, b) => b.quality - a.quality);
  return wanted.map(({ lang }) => langs.find((known) => known === lang)).find((lang) => lang !== undefined) ?? 'ru';
}

/** The sentences of one language. */
export type TranslatorOf = (lang: Lang) => Translator;

/** Reads the locale files under `root` at once, so that a broken one stops the start. A missing text shows its key where `isStrict`, else throws. */
export function openTexts({ root, isStrict }: { root: string; isStrict: boolean }): TranslatorOf {
  const texts = loadTexts(path.join(root, 'locales'));
  const translators = Object.fromEntries(langs.map((lang) => [lang, createTranslator(texts, lang, isStrict)])) as Record<Lang, Translator>;
  return (lang) => translators[lang];
}
