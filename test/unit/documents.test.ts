import { documentStates, mayDocument, type DocumentFacts } from '../../domain/documents/document';
import { cleanFileName, EncryptionWatch, fileTypeOf, titleFromFileName } from '../../domain/documents/file-type';
import { organisationRoles, type Actor } from '../../domain/people/roles';
import { checkDigitAgrees } from '../../domain/people/numbers';
import { signatureProblem } from '../../domain/signing/session';
import { dueState, workingDaysBetween } from '../../domain/calendar/working-days';

const document = (change: Partial<DocumentFacts> = {}): DocumentFacts => ({
  organisationId: 'org',
  initiatorId: 'me',
  state: 'draft',
  trashed: false,
  answered: false,
  ...change,
});
const actor = (personId: string, role: (typeof organisationRoles)[number] = 'employee', organisationId = 'org'): Actor => ({
  kind: 'member',
  personId,
  role,
  organisationId,
});

test('only the initiator and who runs the cabinet change a document', () => {
  expect(mayDocument(actor('me'), 'edit-card', document())).toBe(true);
  expect(mayDocument(actor('other'), 'edit-card', document())).toBe(false);
  for (const role of organisationRoles)
    expect(mayDocument(actor('other', role), 'trash', document())).toBe(role === 'owner' || role === 'admin');
  expect(mayDocument(actor('me', 'owner', 'another'), 'edit-card', document())).toBe(false);
  expect(mayDocument({ kind: 'guest', participantId: 'p', organisationId: 'org' }, 'edit-card', document())).toBe(false);
});

test('a document on its way or signed is not touched, in the trash only restored', () => {
  for (const state of documentStates) {
    const open = state !== 'in-signing' && state !== 'signed';
    expect(mayDocument(actor('me'), 'replace-file', document({ state }))).toBe(open);
    expect(mayDocument(actor('me'), 'trash', document({ state }))).toBe(open);
    expect(mayDocument(actor('me'), 'restore', document({ state }))).toBe(false);
    expect(mayDocument(actor('me'), 'restore', document({ state, trashed: true }))).toBe(true);
    expect(mayDocument(actor('me'), 'edit-card', document({ state, trashed: true }))).toBe(false);
  }
});

test.each([
  ['a.pdf', '%PDF-1.7\n', 'application/pdf'],
  ['a.PDF', `${' '.repeat(1_000)}%PDF-1.7`, 'application/pdf'],
  ['a.pdf', 'MZ\x90\x00', null],
  ['a.exe', '%PDF-1.7', null],
  ['a.docx', 'PK\x03\x04', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['a.zip', 'PK\x03\x04', null],
  ['a.txt', 'привет', 'text/plain'],
  ['a.txt', 'a\x00b', null],
  ['a.png', '\x89PNG\r\n\x1a\n', 'image/png'],
  ['a.html', '<html>', null],
  ['noextension', '%PDF-1.7', null],
])('%s beginning with %j', (name, head, mediaType) => {
  const bytes = head === 'привет' ? Buffer.from(head) : Buffer.from(head, 'latin1');
  expect(fileTypeOf(name, bytes)?.mediaType ?? null).toBe(mediaType);
});

test('an encrypted PDF is noticed wherever the pieces are cut', () => {
  const trailer = Buffer.from('junk junk trailer << /Size 9 /Encrypt 12 0 R /Root 1 0 R >>');
  for (let cut = 0; cut <= trailer.length; cut++) {
    const watch = new EncryptionWatch();
    watch.update(trailer.subarray(0, cut));
    watch.update(trailer.subarray(cut));
    expect(watch.seen).toBe(true);
  }
  const plain = new EncryptionWatch();
  plain.update(Buffer.from('trailer << /EncryptMetadata false /Root 1 0 R >>'));
  expect(plain.seen).toBe(false);
});

test('file names lose paths and control characters and keep their extension', () => {
  expect(cleanFileName('C:\\temp\\Договор "Ә".pdf')).toBe('Договор "Ә".pdf');
  expect(cleanFileName('../../etc/passwd')).toBe('passwd');
  expect(cleanFileName('a\u0000b\u202egpj.exe')).toBe('abgpj.exe');
  expect(cleanFileName('')).toBe('file');
  const long = cleanFileName(`${'я'.repeat(500)}.pdf`);
  expect(long).toHaveLength(200);
  expect(long.endsWith('.pdf')).toBe(true);
  expect(titleFromFileName('Акт_№_5.pdf')).toBe('Акт № 5');
});

test('check digits agree with the published rule and only inform', () => {
  expect(checkDigitAgrees('123456789011')).toBe(false);
  expect(checkDigitAgrees('780514330116')).toBe(true);
  expect(checkDigitAgrees('abc')).toBe(false);
});

describe('a signature for a session', () => {
  const session = { iin: '1', bin: 'B', expiresAt: 100, used: false };
  const signer = { signers: 1, verdict: 'valid' as const, code: 'ok', iin: '1', bin: 'B', isPending: false };
  test.each([
    ['fits', session, signer, null],
    ['of a personal key', session, { ...signer, bin: null }, null],
    ['of somebody else', session, { ...signer, iin: '2' }, 'signing.wrong_iin'],
    ['without IIN', session, { ...signer, iin: null }, 'signing.no_iin'],
    ['of another company', session, { ...signer, bin: 'C' }, 'signing.wrong_bin'],
    ['of an outside person for any company', { ...session, bin: null }, { ...signer, bin: 'C' }, null],
    ['by two', session, { ...signer, signers: 2 }, 'signing.several_signers'],
    ['that does not verify', session, { ...signer, verdict: 'invalid' as const, code: 'digest.mismatch', iin: '2' }, 'digest.mismatch'],
    ['nobody can judge', session, { ...signer, verdict: 'indeterminate' as const, code: 'chain.not_trusted' }, 'chain.not_trusted'],
    [
      'the authority has not answered about',
      session,
      { ...signer, verdict: 'indeterminate' as const, code: 'revocation.missing', isPending: true },
      null,
    ],
    [
      'that is bad whatever the authority answers',
      session,
      { ...signer, verdict: 'invalid' as const, code: 'certificate.revoked', isPending: true },
      'certificate.revoked',
    ],
    ['too late', { ...session, expiresAt: 50 }, signer, 'signing.session_expired'],
    ['for a used session', { ...session, used: true }, signer, 'signing.session_used'],
  ])('%s', (_name, s, f, code) => {
    expect(signatureProblem(s, f, 50)).toBe(code);
  });
});

test('working days skip weekends and count by the day in UTC+5', () => {
  const at = (text: string): number => Date.parse(text);
  expect(workingDaysBetween(at('2026-11-20T06:00:00Z'), at('2026-11-23T06:00:00Z'))).toBe(1);
  expect(workingDaysBetween(at('2026-11-20T06:00:00Z'), at('2026-11-22T06:00:00Z'))).toBe(0);
  expect(workingDaysBetween(at('2026-11-19T20:00:00Z'), at('2026-11-20T18:00:00Z'))).toBe(0);
  expect(dueState(at('2026-11-22T18:59:59Z'), at('2026-11-22T06:00:00Z'))).toBe('today');
  expect(dueState(at('2026-11-22T05:59:59Z'), at('2026-11-22T06:00:00Z'))).toBe('overdue');
});
