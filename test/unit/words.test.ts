import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createTranslator, langs, loadTexts } from '../../services/texts/i18n';
import { ALL_CODES } from '../../signature';

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
  const areas = 'route|draft|document|signing|upload|field|person|directory|sign_in|invitation|check';
  const actions = new Set(
    found(/action: (?:into \? )?'([a-z_.]+)'/g).concat(
      found(/kind: (?:into \? )?'((?:document|person|route|settings)\.[a-z_]+)'/g),
      found(/ : '((?:document|person)\.[a-z_]+)'/g),
      [
        'route.sent',
        'route.signed',
        'document.downloaded',
        'document.viewed',
        'person.enabled',
        'person.password_reset',
        'person.recovery_codes_made',
        'person.second_factor_off',
        'person.second_factor_on',
        'sign_in.rules', // the name of a setting
        'person.disabled',
        'person.role_changed',
        'directory.mapping',
        'field.row',
        'field.stage',
      ],
    ),
  );
  const refusals = found(new RegExp(`'((?:${areas})\\.[a-z_]+)'`, 'g')).filter((c) => !actions.has(c));
  expect(refusals.length).toBeGreaterThan(50);
  expect(refusals.filter((c) => !has(`errors.${c}`))).toEqual([]);
});

test.each(langs)('every reason of a signature report has words in %s', (lang) => {
  const { has } = createTranslator(texts, lang);
  expect(ALL_CODES.filter((c) => !has(`verdict.${c}`))).toEqual([]);
  expect(ALL_CODES.filter((c) => c !== 'ok' && !has(`errors.${c}`))).toEqual([]);
});

test.each(langs)('every message and every action of the history has words in %s', (lang) => {
  const { has } = createTranslator(texts, lang);
  expect(found(/key: '(flash\.[a-z_]+)'/g).filter((k) => !has(k))).toEqual([]);
  expect(
    found(/action: '([a-z_.]+)'/g).filter((a) => !has(`history.action.${a}`) && !a.startsWith('person.') && !a.startsWith('settings.')),
  ).toEqual([]);
});
