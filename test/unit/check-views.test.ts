import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkViews } from '../../scripts/check-views';

const root = path.join(__dirname, '../..');

test('a template that asks for what it is not given is found, with its line', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kense-views-'));
  for (const name of ['pages', 'parts']) mkdirSync(path.join(folder, name));
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, `${name}.ejs`), text);
  write('pages/error', "<p>\n<%= it.view.nothing %></p>\n<%- include('/parts/said', { p: { word: 1 } }) %>");
  write('parts/said', '<%# it: { p: { word: string } } -%>\n<%= it.p.word.toUpperCase() %>');
  write('parts/unsaid', '<%= it.p.word %>');
  try {
    expect(
      checkViews(root, folder).map(({ template, line, message }) => [template, line, /nothing|number|declare/.exec(message)?.[0]]),
    ).toEqual([
      ['parts/unsaid', 1, 'declare'],
      ['pages/error', 2, 'nothing'],
      ['pages/error', 3, 'number'],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
