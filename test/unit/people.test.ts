import { needsAWord, planSync, roleFor, type DirectoryEntry, type DirectoryMember } from '../../domain/people/directory';
import { countedLogin, normalLogin } from '../../domain/people/logins';
import { proofs, suffices } from '../../domain/people/proofs';

describe('logins', () => {
  test.each([
    ['  Petrova ', 'petrova'],
    ['ＰＥＴＲＯＶＡ', 'petrova'],
    ['Әсем.Қ', 'әсем.қ'],
    ['petrová', 'petrová'],
  ])('%j has the normal form %j', (typed, normal) => expect(normalLogin(typed)).toBe(normal));

  test.each(['', '   ', 'a b', 'a\0b', 'a\u200Bb', 'a\u202Eb', 'a\u00A0b', '\uD800', 'x'.repeat(121)])('%j is none', (typed) =>
    expect(normalLogin(typed)).toBeNull(),
  );

  test('the normal form is its own, and spellings some directory folds are counted as one', () => {
    for (const typed of ['Petrova', 'petrová', 'ｐetrova', 'petro\0va', 'petrova\u0301', 'PETROVA\u200B']) {
      expect(countedLogin(typed)).toBe('petrova');
      const normal = normalLogin(typed);
      if (normal !== null) expect(normalLogin(normal)).toBe(normal);
    }
  });
});

test('a proof suffices for what asks for it or for less', () => {
  expect(proofs.map((given) => proofs.map((wanted) => suffices(given, wanted)))).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

describe('the directory', () => {
  const mapping = [
    { group: 'cn=Staff, ou=groups,dc=kz', role: 'employee' as const },
    { group: 'admins', role: 'admin' as const },
  ];
  const member = (id: string, more: Partial<DirectoryMember> = {}): DirectoryMember => ({
    personId: id,
    login: id,
    directoryId: `d-${id}`,
    role: 'employee',
    roleSource: 'directory',
    ...more,
  });
  const entry = (id: string, more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
    id: `d-${id}`,
    login: id,
    groups: ['cn=staff,ou=groups,dc=kz'],
    disabled: false,
    ...more,
  });
  const plan = (members: DirectoryMember[], entries: DirectoryEntry[]) =>
    planSync(members, entries, mapping, (login) => login.toLowerCase());

  test('gives the strongest role of the groups, by name or by first value', () => {
    expect(roleFor(['CN=staff,OU=groups,DC=kz'], mapping)).toBe('employee');
    expect(roleFor(['cn=staff,ou=groups,dc=kz', 'cn=admins,ou=other,dc=kz'], mapping)).toBe('admin');
    expect(roleFor(['cn=others,dc=kz'], mapping)).toBeNull();
  });

  test.each<[string, DirectoryMember, DirectoryEntry[], object]>([
    ['somebody gone', member('a'), [], { end: [{ personId: 'a', login: 'a', why: 'gone' }] }],
    ['somebody switched off', member('a'), [entry('a', { disabled: true })], { end: [{ personId: 'a', login: 'a', why: 'disabled' }] }],
    ['somebody in no group', member('a'), [entry('a', { groups: [] })], { end: [{ personId: 'a', login: 'a', why: 'no-group' }] }],
    ['a role by hand, gone', member('a', { roleSource: 'hand' }), [], { end: [{ personId: 'a', login: 'a', why: 'gone' }] }],
    ['a role by hand, in no group', member('a', { roleSource: 'hand' }), [entry('a', { groups: [] })], { end: [], unchanged: 1 }],
    [
      'another role',
      member('a'),
      [entry('a', { groups: ['cn=admins,dc=kz'] })],
      { change: [{ personId: 'a', login: 'a', from: 'employee', to: 'admin' }] },
    ],
    [
      'a login that passed to somebody else',
      member('a'),
      [entry('b', { login: 'a' })],
      { end: [{ personId: 'a', login: 'a', why: 'gone' }] },
    ],
    ['a login that was changed', member('a'), [entry('a', { login: 'z' })], { end: [], unchanged: 1 }],
    [
      'somebody never seen there yet, by login',
      member('a', { directoryId: null }),
      [entry('x', { login: 'A' })],
      { end: [], unchanged: 1 },
    ],
  ])('%s', (_what, who, entries, wanted) => expect(plan([who], entries)).toMatchObject(wanted));

  test.each([
    [1, 100, false], // one of a hundred
    [1, 1, false], // the only one: everyday life too
    [2, 3, true], // most of a small organisation
    [3, 20, false], // few, whatever the share
    [4, 20, true],
    [10, 200, false], // within the share
    [21, 200, true],
  ])('%i endings of %i wait for a word: %s', (endings, members, waits) => {
    const all = Array.from({ length: members }, (_, i) => member(`p${i}`));
    const entries = all.slice(endings).map(({ personId }) => entry(personId));
    expect(needsAWord(plan(all, entries), 10)).toBe(waits);
  });
});
