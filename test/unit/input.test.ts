import { Refusal } from '../../domain/refusals';
import { optionalWholeNumber, requireWholeNumber, wholeNumberIn } from '../../server/kit/input';

const bad = [
  '',
  ' ',
  'NaN',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  '+1',
  ' 1',
  '1 ',
  '٣',
  'Infinity',
  '99999999999',
  '2147483648',
  null,
  7,
  ['1'],
  {},
];

test.each(bad)('%j is no whole number', (value) => {
  expect(wholeNumberIn(value)).toBeNull();
  expect(() => requireWholeNumber(value)).toThrow(Refusal);
});

test('digits are, within their bounds', () => {
  expect(['0', '007', '2147483647'].map((text) => wholeNumberIn(text))).toEqual([0, 7, 2_147_483_647]);
  expect(wholeNumberIn('31', { min: 1, max: 30 })).toBeNull();
  expect(wholeNumberIn('0', { min: 1 })).toBeNull();
});

test('what may be left out has a value of its own; a bad one is refused all the same', () => {
  expect([optionalWholeNumber(undefined, 5), optionalWholeNumber('', 5), optionalWholeNumber('3', 5)]).toEqual([5, 5, 3]);
  expect(() => optionalWholeNumber('NaN', 5)).toThrow(Refusal);
});
