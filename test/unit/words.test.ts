import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { refusalCodes } from '../../domain/refusals';
import { createTranslator, langs, loadTexts } from '../../services/texts/i18n';
import { ALL_CODES } from '../../signature';
import { entityOf } from '../../storage/audit-actions';

const root = path.join(__dirname, '..', '..');
const texts = loadTexts(path.join(root, 'locales'));
const sources = (folder: string): string[] =>
  readdirSync(path.join(root, folder)).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(path.join(root, file)).isDirectory() ? sources(file) : file.endsWith('.ts') ? [file] : [];
  });
const code = ['domain', 'services', 'activities', 'server', 'workflows']
  .flatMap(sources)
  .map((file) => readFileSync(path.join(root, file), 'utf8'));

const found = (pattern: RegExp): string[] =>
  [...new Set(code.flatMap((text) => [...text.matchAll(pattern)].map((m) => m[1] ?? '')))].sort();

test.each(langs)('every refusal has words in %s', (lang) => {
  const { has } = createTranslator(texts, lang);
  const areas = 'draft|document|signing|upload|field|person|directory|sign_in|invitation|check';
  // Words of the same shape that are no refusals: actions of the log, names of settings, fields of a form.
  const others = new Set([...Object.keys(entityOf), 'sign_in.rules', 'directory.mapping', 'field.row', 'field.stage']);
  const refusals = found(new RegExp(`'((?:${areas})\\.[a-z_]+)'`, 'g')).filter((c) => !others.has(c));
  expect(refusals.length).toBeGreaterThan(50);
  expect([...refusals, ...refusalCodes].filter((c) => !has(`errors.${c}`))).toEqual([]);
});

test.each(langs)('every reason of a signature report has words in %s', (lang) => {
  const { has } = createTranslator(texts, lang);
  expect(ALL_CODES.filter((c) => !has(`verdict.${c}`))).toEqual([]);
  expect(ALL_CODES.filter((c) => c !== 'ok' && !has(`errors.${c}`))).toEqual([]);
});

test.each(langs)('every message and every action of the history has words in %s', (lang) => {
  const { has } = createTranslator(texts, lang);
  expect(found(/key: '(flash\.[a-z_]+)'/g).filter((k) => !has(k))).toEqual([]);
  expect(Object.keys(entityOf).filter((action) => !has(`history.action.${action}`))).toEqual([]);
});
