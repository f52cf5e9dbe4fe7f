import { draftIssues, outsideProblem, type DraftPerson, type KnownPerson, type RouteDraft } from '../../domain/routes/draft';

const now = Date.parse('2026-11-22T06:00:00Z');
const known = new Map<string, KnownPerson>([
  ['a', { personId: 'a', iin: '800101300123', active: true }],
  ['b', { personId: 'b', iin: '800101300456', active: true }],
  ['gone', { personId: 'gone', iin: '800101300789', active: false }],
  ['no-iin', { personId: 'no-iin', iin: null, active: true }],
]);
const person = (personId: string): DraftPerson => ({ kind: 'member', personId });
const outside = (iin: string): DraftPerson => ({ kind: 'outside', name: 'Өтеген "Ұлы" 🙂', email: 'a@b.kz', iin });
const draft = (change: Partial<RouteDraft['stages'][number]>[], rest: Partial<RouteDraft> = {}): RouteDraft => ({
  stages: change.map((c) => ({ kind: 'sign', rule: 'all', due: null, people: [person('a')], ...c })),
  message: '',
  remindDays: null,
  ...rest,
});
const codes = (d: RouteDraft): string[] => draftIssues(d, known, now).map((i) => i.code);

test('a sound draft has no issues', () => {
  expect(codes(draft([{ people: [person('a'), outside('123456789011')] }, { due: '2026-11-22' }]))).toEqual([]);
});

test.each<[string, RouteDraft, string[]]>([
  ['no stages', draft([]), ['draft.no_stages']],
  ['an empty stage', draft([{ people: [] }]), ['draft.empty_stage']],
  ['the same person twice in a stage', draft([{ people: [person('a'), person('a')] }]), ['draft.repeated_person']],
  ['the same IIN inside and outside', draft([{ people: [person('a'), outside('800101300123')] }]), ['draft.repeated_person']],
  ['a person who left', draft([{ people: [person('gone')] }]), ['draft.person_disabled']],
  ['a person of another organisation', draft([{ people: [person('stranger')] }]), ['draft.unknown_person']],
  ['a signer without IIN', draft([{ people: [person('no-iin')] }]), ['draft.person_without_iin']],
  ['an approver without IIN is fine', draft([{ kind: 'approve', people: [person('no-iin')] }]), []],
  ['yesterday', draft([{ due: '2026-11-21' }]), ['draft.due_in_past']],
  ['no such day', draft([{ due: '2026-02-30' }]), ['draft.bad_due']],
  ['a stage due before the one ahead of it', draft([{ due: '2026-12-10' }, { due: '2026-12-01' }]), ['draft.due_before_previous']],
  ['a message too long', draft([{}], { message: 'x'.repeat(2_001) }), ['draft.message_too_long']],
  ['too many stages', draft(Array.from({ length: 21 }, () => ({}))), ['draft.too_many_stages']],
])('%s', (_name, d, expected) => {
  expect(codes(d)).toEqual(expected);
});

test('the same person may stand in two stages', () => {
  expect(codes(draft([{ people: [person('a')] }, { people: [person('a')] }]))).toEqual([]);
});

test.each([
  [{ name: '', email: 'a@b.kz', iin: '123456789011' }, 'draft.name_required'],
  [{ name: 'A', email: 'a@b', iin: '123456789011' }, 'draft.bad_email'],
  [{ name: 'A', email: 'a@b.kz\nBcc: c@d.kz', iin: '123456789011' }, 'draft.bad_email'],
  [{ name: 'A', email: 'a@b.kz', iin: '12345678901' }, 'draft.bad_iin'],
  [{ name: 'A', email: 'a@b.kz', iin: '12345678901é' }, 'draft.bad_iin'],
  [{ name: 'A', email: 'a@b.kz', iin: '123456789011' }, null],
])('outside person %j', (value, code) => {
  expect(outsideProblem(value)).toBe(code);
});
