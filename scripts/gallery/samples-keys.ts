import type { KeyForm } from '../../server/auth/pages';
import { samplePage as page, type Sample } from './sample';

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

/** Pages on which a person shows their key. */
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
];
