import * as format from '../../services/texts/format';

test('instants are shown in UTC+5, whatever the machine thinks', () => {
  expect(format.formatDateTime('2026-11-20T04:42:17.000Z')).toBe('20.11.2026 09:42');
  expect(format.formatDateTime('2026-12-31T20:30:05.000Z', true)).toBe('01.01.2027 01:30:05');
  expect(format.civilDay('2026-11-20T19:00:00.000Z')).toBe('2026-11-21');
});

test('near days are told by their word, other years with the year', () => {
  const now = '2026-11-20T05:00:00.000Z';
  expect(format.nearness('2026-11-19T19:30:00.000Z', now)).toEqual({ day: 'today', date: '20.11' });
  expect(format.nearness('2026-11-19T10:00:00.000Z', now)).toEqual({ day: 'yesterday', date: '19.11' });
  expect(format.nearness('2025-12-30T10:00:00.000Z', now)).toEqual({ day: null, date: '30.12.2025' });
});

test('a broken instant is an error, not «NaN.NaN»', () => {
  expect(() => format.formatDateTime('yesterday')).toThrow('not an instant');
});

test('file sizes keep one decimal below ten', () => {
  const number = (value: number, digits: number): string => new Intl.NumberFormat('ru-KZ', { maximumFractionDigits: digits }).format(value);
  const sizes = [0, 1023, 1_468_006, 104_857_600, 5_368_709_120].map((bytes) =>
    format.formatFileSize(bytes, 'ru', number).replace(/\u00a0/g, ' '),
  );
  expect(sizes).toEqual(['0 Б', '1 023 Б', '1,4 МБ', '100 МБ', '5 ГБ']);
});

test('an IIN is masked, a broken one shows nothing', () => {
  expect(format.maskIin('810412300214')).toBe('8104••••••14');
  expect(format.maskIin('810')).toBe('••••');
});
