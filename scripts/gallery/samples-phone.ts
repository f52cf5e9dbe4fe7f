import type { PhoneSignPage, PhoneStateView } from '../../server/phone/pages';
import { samplePage as page, type Sample } from './sample';

/** Stands for a code: a white picture of the right size. */
const image = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>').toString('base64')}`;
const base = '/documents/01KAG000000000000000000011';
const url = `${base}/phone/01KAG000000000000000000061`;

const waiting: PhoneStateView = {
  purpose: 'sign',
  stage: 'created',
  isLive: true,
  pollUrl: url,
  codeUrl: `${url}/code`,
  againUrl: `${base}/phone`,
  doneUrl: base,
  closes: true,
  code: {
    image,
    until: '2026-11-20T05:11:24.000Z',
    mobile: 'https://m.egov.kz/mobileSign/?link=x',
    business: 'https://m.egov.kz/businessSign/?link=x',
    simulator: '/keys',
  },
  expiresAt: '2026-11-20T05:39:24.000Z',
  error: null,
  documents: [{ title: 'Договор поставки', href: null, sizeBytes: 1_430_000, state: 'waiting', reason: null }],
  signer: null,
  finish: null,
};
const at = (stage: PhoneStateView['stage'], more: Partial<PhoneStateView> = {}): PhoneStateView => ({
  ...waiting,
  stage,
  code: null,
  isLive: !['signed', 'refused', 'expired'].includes(stage),
  ...more,
});
const signing: PhoneSignPage = {
  title: 'Договор поставки',
  state: waiting,
  keyUrl: `${base}/sign`,
  base,
  signer: { name: 'Нұрланов Ерлан Қайратұлы', iin: '810412300214' },
  onBehalf: { name: 'ТОО «Алатау Сервис»', bin: '140940018327' },
  file: {
    id: '01KAG000000000000000000012',
    name: 'Договор.pdf',
    sizeBytes: 1_430_000,
    display: 'pdf',
    viewUrl: `${base}/file`,
    downloadUrl: `${base}/original`,
    sha256: 'ab'.repeat(32),
  },
  initiator: null,
  leftOut: 0,
};
const many: PhoneSignPage = {
  ...signing,
  keyUrl: null,
  base: '/to-sign',
  file: null,
  leftOut: 2,
  state: at('signed', {
    closes: false,
    doneUrl: '/to-sign',
    documents: [
      { title: 'Договор поставки', href: base, sizeBytes: 1_430_000, state: 'done', reason: null },
      { title: 'Акт выполненных работ', href: base, sizeBytes: 220_000, state: 'failed', reason: { code: 'route.ended' } },
    ],
  }),
};
const invited: PhoneSignPage = {
  ...signing,
  base: '/invitations/token',
  keyUrl: '/invitations/token/sign',
  onBehalf: null,
  initiator: { name: 'Ким Марина', email: 'marina.kim@alatau-servis.kz' },
};
const entry = (purpose: 'sign-in' | 'confirm', more: Partial<PhoneStateView> = {}): PhoneStateView => ({
  ...waiting,
  purpose,
  documents: [],
  closes: false,
  ...more,
});
const checks = [
  { id: 'https', result: 'ok', detail: 'https://sign.example.kz/egov' },
  { id: 'public', result: 'ok', detail: 'sign.example.kz: 203.0.113.7' },
  { id: 'answers', result: 'fail', detail: 'https://sign.example.kz/egov/healthz: 502' },
  { id: 'registered', result: 'unknown', detail: 'sign.example.kz' },
] as const;

/** Pages of signing with the phone. */
export const phonePages: readonly Sample[] = [
  page('pages/documents/phone', 'phone', signing),
  page('pages/documents/phone', 'phone-code-over', { ...signing, state: at('code-over') }),
  page('pages/documents/phone', 'phone-given', { ...signing, state: at('given') }),
  page('pages/documents/phone', 'phone-checking', { ...signing, state: at('checking') }),
  page('pages/documents/phone', 'phone-refused', { ...signing, state: at('refused', { error: { code: 'signing.wrong_iin' } }) }),
  page('pages/documents/phone', 'phone-expired', { ...signing, state: at('expired') }),
  page('pages/documents/phone', 'phone-many', many),
  page('pages/invitations/phone', 'invitation-phone', invited),
  page('pages/invitations/phone', 'invitation-phone-signed', { ...invited, state: at('signed', { doneUrl: '/invitations/token' }) }),
  page('pages/sign-in-qr', 'sign-in-qr', { returnTo: null, state: entry('sign-in') }),
  page('pages/sign-in-qr', 'sign-in-qr-signed', {
    returnTo: null,
    state: { ...entry('sign-in'), stage: 'signed', isLive: false, code: null, finish: null, signer: 'АХМЕТОВА ДАНА' },
  }),
  page('pages/settings/key-phone', 'key-phone', { state: entry('confirm') }),
  page('pages/settings/key-phone', 'key-phone-signed', {
    state: entry('confirm', { stage: 'signed', isLive: false, code: null, signer: 'АХМЕТОВА ДАНА' }),
  }),
  page('pages/settings/phone', 'phone-check', {
    url: 'https://sign.example.kz/egov',
    listen: '0.0.0.0:8090',
    authType: 'Token',
    isDemo: false,
    checks: [...checks],
  }),
  page('pages/settings/phone', 'phone-check-off', { url: null, listen: null, authType: null, isDemo: false, checks: [] }),
];
/** Data of their fragments. */
export const phoneFragments = { state: waiting, dialog: signing };
