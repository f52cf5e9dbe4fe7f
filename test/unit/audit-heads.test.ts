import { formatHead, readHeads, type KeptHead } from '../../domain/audit/heads';

const head: KeptHead = {
  organisationId: '01M87771AHX676BZYNPDFANG2N',
  seq: 4211,
  hash: '5e'.repeat(32),
  keyedAfter: 17,
  at: '2026-11-24T19:20:00.000Z',
};
const line = formatHead(head);

test.each([
  ['by itself', line],
  ['between other lines', `From: kense\n\nLine to keep: ${line}\n\nGoodbye`],
  ['broken at its spaces', line.replaceAll(' ', '\r\n')],
  ['quoted in an answer', `> ${line.replace(' keyed', '\n> keyed')}`],
  ['as mails are stored', line.replace('5e5e5e5e', '5e5e=\r\n5e5e')],
])('a line to keep is read %s', (_how, text) => {
  expect(readHeads(text)).toEqual([head]);
});

test('all lines are read, and a head without a boundary', () => {
  const other = { ...head, seq: 1, keyedAfter: null };
  expect(readHeads(`${line}\n${formatHead(other)}\n`)).toEqual([head, other]);
});

test.each(['', 'kense-head', line.slice(0, -30), line.replace('5e5e', '5g5e'), line.replace('4211', '-1')])('"%s" holds none', (text) => {
  expect(readHeads(text)).toEqual([]);
});
