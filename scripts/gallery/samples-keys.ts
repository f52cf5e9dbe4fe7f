import type { KeyForm, ProvePage } from '../../server/auth/pages';
import type { NewPasswordPage } from '../../server/kit/new-password';
import type { SecondFactorPage } from '../../server/settings/pages';
import { type Sample, samplePage as page } from './sample';

const key: KeyForm = {
  action: '/sign-in/eds',
  challenge: '01KAG000000000000000000031',
  text: 'U2lnbi1pbg==',
  iin: null,
  ncalayerUrl: 'wss://127.0.0.1:13579',
  simulatorUrl: null,
  chain: null,
  error: null,
};

const own: KeyForm = { ...key, action: '/settings/key', iin: '850612300145' };

const newPassword: NewPasswordPage = { action: '/settings/password', login: 'd.akhmetova', asksCurrent: false, isFirst: false, errors: {} };
const factor: SecondFactorPage = { since: null, codesLeft: 0, enrolment: null, codes: null, error: null, command: key.challenge };
const proving: ProvePage = {
  action: '/settings/people',
  fields: [{ name: 'login', value: 'new.person' }],
  usesPassword: true,
  key: { ...own, action: '/settings/people' },
  error: { code: 'sign_in.wrong_password' },
};

/** Pages on which a person shows who they are. */
export const keyPages: readonly Sample[] = [
  page('pages/sign-in-eds', 'sign-in-eds', { returnTo: null, usesPhone: true, key }),
  page('pages/sign-in-eds', 'sign-in-eds-unknown', {
    returnTo: null,
    usesPhone: false,
    key: { ...key, error: { code: 'eds.unknown_iin' } },
  }),
  page('pages/settings/key', 'key-none', {
    name: 'Ахметова Дана',
    iin: null,
    confirmed: null,
    usesPhone: true,
    key: { ...own, iin: null },
  }),
  page('pages/settings/key', 'key-confirmed', {
    name: 'Ахметова Дана',
    iin: '850612300145',
    confirmed: { at: '2026-11-20T04:42:00.000Z', serial: '3ac51f0a77b2' },
    usesPhone: false,
    key: own,
  }),
  page('pages/choose-organisation', 'choose-organisation-weak', {
    organisations: [
      { id: key.challenge, person: key.challenge, name: 'ТОО «Алатау Сервис»', role: 'owner', needs: 'key', isNew: false },
      { id: key.challenge, person: key.challenge, name: 'ТОО «Qazyna Logistics»', role: 'user', needs: 'two-factor', isNew: false },
    ],
    returnTo: null,
    error: { code: 'sign_in.proof_wanted' },
  }),
  page('pages/choose-organisation', 'choose-organisation-none', { organisations: [], returnTo: null, error: null }),
  page('pages/sign-in-code', 'sign-in-code', { step: key.challenge, returnTo: '/to-sign', error: { code: 'sign_in.bad_code' } }),
  page('pages/forgot', 'forgot', { asked: null, usesDirectory: true, error: { code: 'sign_in.who_wanted' } }),
  page('pages/forgot', 'forgot-sent', { asked: 'd.akhmetova', usesDirectory: false, error: null }),
  page('pages/new-password', 'password', { ...newPassword, asksCurrent: true, errors: { current: { code: 'sign_in.wrong_password' } } }),
  page('pages/new-password', 'password-first', { ...newPassword, isFirst: true, errors: { password: { code: 'person.common_password' } } }),
  page('pages/settings/second-factor', 'factor-none', factor),
  page('pages/settings/second-factor', 'factor-enrol', {
    ...factor,
    enrolment: { base32: 'JBSW Y3DP EHPK 3PXP', qr: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' },
    error: { code: 'sign_in.bad_code' },
  }),
  page('pages/settings/second-factor', 'factor-on', { ...factor, since: '2026-11-20T04:42:00.000Z', codesLeft: 9 }),
  page('pages/settings/second-factor', 'factor-codes', { ...factor, codes: ['7KQ2M-PX4RD', 'HB9TN-W3C6F'] }),
  page('pages/prove', 'prove', proving),
  page('pages/prove', 'prove-key', { ...proving, usesPassword: false, error: { code: 'eds.other_iin' } }),
  page('pages/settings/sign-in', 'sign-in-rules', {
    rules: [
      { role: 'owner', proof: 'key' },
      { role: 'admin', proof: 'two-factor' },
      { role: 'employee', proof: 'password' },
      { role: 'user', proof: 'password' },
    ],
    proofs: ['password', 'two-factor', 'key'],
    command: key.challenge,
    error: { code: 'sign_in.rule_shuts_you_out' },
  }),
];

export const proveSample: ProvePage = { ...proving, error: null };
