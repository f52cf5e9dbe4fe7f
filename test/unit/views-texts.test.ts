import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { directions, documentKinds, documentStates } from '../../domain/documents/document';
import { organisationRoles } from '../../domain/people/roles';
import { refusalCodes } from '../../domain/refusals';
import { entityOf } from '../../storage/audit-actions';
import { draftProblems } from '../../domain/routes/draft';
import { stageKinds, stageRules } from '../../domain/routes/route';
import { createTranslator, langs, loadTexts, preferredLang, textProblems, type Texts } from '../../services/texts/i18n';
import { ALL_CODES } from '../../signature/verify/codes';
import { CHECK_NAMES } from '../../signature/verify/report';
import { ROLES } from '../../signature/x509/roles';

const root = path.join(__dirname, '../..');
const texts = loadTexts(path.join(root, 'locales'));
const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(file) : [file];
  });
const textsOf = (lang: 'ru' | 'kk' | 'en', values: Record<string, string | Record<string, string>>): Texts => {
  const map = new Map(Object.entries(values)) as Texts['ru'];
  return {
    ru: new Map([['a.b', 'Привет, {name}']]),
    kk: new Map([['a.b', 'Сәлем, {name}']]),
    en: new Map([['a.b', 'Hello {name}']]),
    [lang]: map,
  };
};

test('the three languages hold the same keys with the same parameters', () => {
  expect(textProblems(texts)).toEqual([]);
});

test.each([
  ['a missing key', textsOf('kk', {}), 'kk: a.b is missing'],
  ['another parameter', textsOf('en', { 'a.b': 'Hello {who}' }), 'en: a.b has parameters who, ru has name'],
  ['an empty text', textsOf('en', { 'a.b': '' }), 'en: a.b is empty'],
])('%s is reported', (_name, broken, problem) => {
  expect(textProblems(broken)).toContain(problem);
});

test('a plural form a language needs is reported when it is missing', () => {
  const one = { one: '{count} x', other: '{count} x' };
  const broken = { ru: new Map([['a', one]]), kk: new Map([['a', one]]), en: new Map([['a', one]]) } as unknown as Texts;
  expect(textProblems(broken)).toEqual(['ru: a lacks the form few', 'ru: a lacks the form many']);
});

test('plural forms follow the number', () => {
  const { t } = createTranslator(texts, 'ru');
  expect([1, 3, 5, 21].map((count) => t('count.documents', { count }))).toEqual([
    '1 документ',
    '3 документа',
    '5 документов',
    '21 документ',
  ]);
});

test('an unknown key or a missing parameter throws, and only shows itself when lenient', () => {
  const strict = createTranslator(texts, 'ru');
  expect(() => strict.t('no.such')).toThrow('no.such');
  expect(() => strict.t('person.iin')).toThrow('iin');
  expect(createTranslator(texts, 'ru', true).t('no.such')).toBe('no.such');
});

test('every code of the domain, of signature reports and every id of a list has words', () => {
  const wanted = [
    ...[...refusalCodes, ...draftProblems].map((code) => `errors.${code}`),
    ...ALL_CODES.flatMap((code) => (code === 'ok' ? ['verdict.ok'] : [`verdict.${code}`, `errors.${code}`])),
    ...Object.keys(entityOf).map((action) => `history.action.${action}`),
    ...CHECK_NAMES.map((name) => `checkName.${name}`),
    ...ROLES.map((role) => `certificateRole.${role}`),
    ...documentKinds.map((kind) => `documentKind.${kind}`),
    ...documentStates.map((state) => `documentState.${state}`),
    ...directions.map((direction) => `direction.${direction}`),
    ...stageKinds.map((kind) => `stageKind.${kind}`),
    ...stageRules.map((rule) => `stageRule.${rule}`),
    ...organisationRoles.map((role) => `role.${role}`),
  ];
  expect(wanted.filter((key) => !texts.ru.has(key))).toEqual([]);
});

// Codes and keys are string literals where the server makes them: each must have words before a person can meet it.
test('every fault of a field and every flash named in the code has words', () => {
  const sources = ['server', 'services', 'activities', 'workflows']
    .flatMap((folder) => filesUnder(path.join(root, folder)))
    .filter((file) => file.endsWith('.ts'));
  const missing = sources.flatMap((file) => {
    const source = readFileSync(file, 'utf8');
    const found = (pattern: RegExp, prefix: string): string[] => [...source.matchAll(pattern)].map((match) => `${prefix}${match[1]}`);
    const keys = [...found(/\bcode: '([a-z_]+\.[a-z_]+)'/g, 'errors.'), ...found(/\bkey: '((?:flash|errors)\.[a-z_.]+)'/g, '')];
    return keys.filter((key) => !texts.ru.has(key)).map((key) => `${path.relative(root, file)}: ${key}`);
  });
  expect(missing).toEqual([]);
});

test('texts say neither «пожалуйста» nor «успешно» and raise no voice', () => {
  const loud = langs.flatMap((lang) =>
    [...texts[lang]]
      .filter(([key, text]) => !key.startsWith('mail.') && /пожалуйста|успешно|сәтті|please|successfully|!/i.test(JSON.stringify(text)))
      .map(([key]) => `${lang}: ${key}`),
  );
  expect(loud).toEqual([]);
});

test('the language of a new visitor comes from the browser, Russian when it names none of ours', () => {
  expect(preferredLang('kk-KZ,kk;q=0.9,ru;q=0.8')).toBe('kk');
  expect(preferredLang('de-DE,de;q=0.9,en;q=0.3,ru;q=0.8')).toBe('ru');
  expect(preferredLang('fr')).toBe('ru');
  expect(preferredLang(undefined)).toBe('ru');
});
