import type { GroupLookPage, GroupPage, GroupRow } from '../../server/groups/pages';
import type { FileView } from '../../server/kit/parts/file';
import type { ModulesPage } from '../../server/settings/pages';
import { type Sample, samplePage as page } from './sample';

const id = (n: number): string => `01KAGROUP${String(n).padStart(17, '0')}`;

const row = (n: number, title: string, more: Partial<GroupRow> = {}): GroupRow => ({
  id: id(n),
  n,
  href: `/documents/${id(n)}`,
  title,
  documentKind: 'contract',
  sizeBytes: 1_468_006,
  counterparty: 'ТОО «Qazyna Logistics»',
  initiator: 'Сейітқали А. М.',
  kind: 'sign',
  due: { date: '2026-11-23', state: 'ok' },
  state: 'waiting',
  reason: null,
  decidedAt: null,
  ...more,
});

const listed: GroupRow[] = [
  row(1, 'Договор поставки № 118/25 — трансформаторы ТМГ', { due: { date: '2026-11-20', state: 'today' } }),
  row(2, 'Акт выполненных работ № 412 за октябрь', { documentKind: 'act', counterparty: 'ТОО «Жетісу Құрылыс»', sizeBytes: 204_800 }),
  row(3, 'Акт сверки взаимных расчётов на 31.10.2026', { documentKind: 'act', counterparty: 'АО «Өскемен Кабель»' }),
  row(4, 'Приказ № 204-л/с об отпуске Петренко О. В.', { documentKind: 'order', counterparty: null, kind: 'approve', due: null }),
  row(5, 'Доп. соглашение № 3 к договору аренды 44-А <b>', { counterparty: 'ТОО «Іле Девелопмент»' }),
];

const at = '2026-11-20T05:09:02.000Z';
const worked: GroupRow[] = listed.map((one, i) =>
  i === 1
    ? { ...one, state: 'failed', reason: { code: 'group.other_certificate' }, decidedAt: at }
    : i < 4
      ? { ...one, state: 'done', decidedAt: at }
      : one,
);

const group: GroupPage = {
  id: id(0),
  base: `/groups/${id(0)}`,
  purpose: 'answer',
  state: 'listed',
  createdAt: '2026-11-20T04:40:00.000Z',
  startedAt: null,
  endedAt: null,
  expiresAt: '2026-11-21T04:40:00.000Z',
  counts: { total: 5, waiting: 5, sent: 0, done: 0, failed: 0 },
  kinds: { sign: 4, approve: 1 },
  unsigned: 4,
  sizeBytes: 6_076_824,
  estimateMs: 61_000,
  certificateName: '',
  remark: '',
  errors: {},
  rows: listed,
  canTryAgain: false,
  command: id(90),
  signer: { name: 'Ахметова Дана Сериковна', iin: '880412400214' },
  organisation: { name: 'ТОО «Алатау Сервис»', bin: '150340010215' },
  ncalayerUrl: 'ws://127.0.0.1:9',
  simulatorUrl: null,
};

const running: GroupPage = {
  ...group,
  state: 'running',
  startedAt: '2026-11-20T04:41:00.000Z',
  counts: { total: 5, waiting: 1, sent: 0, done: 3, failed: 1 },
  unsigned: 1,
  rows: worked,
};

const refusing: GroupPage = {
  ...group,
  purpose: 'refuse',
  unsigned: 0,
  errors: { remark: { code: 'route.remark_required', params: { max: 2_000 } } },
};

const file: FileView = {
  id: id(91),
  name: 'dogovor.pdf',
  sizeBytes: 1_468_006,
  display: 'pdf',
  viewUrl: '/sample.pdf',
  downloadUrl: '/files/sample.pdf',
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

const look: GroupLookPage = { base: group.base, documentHref: `/documents/${id(1)}`, title: listed[0]!.title, file };

const modules: ModulesPage = {
  modules: [
    {
      name: 'group_signing',
      icon: 'sign',
      isOn: true,
      changedBy: 'Нұрланов Е. Қ.',
      changedAt: '2026-02-03T05:00:00.000Z',
      command: id(92),
    },
  ],
};

/** Groups of documents and the modules of an organisation. */
export const groupPages: readonly Sample[] = [
  page('pages/groups/show', 'group-list', group),
  page('pages/groups/show', 'group-refuse', refusing),
  page('pages/groups/show', 'group-approve', { ...group, unsigned: 0, rows: [listed[3]!], kinds: { sign: 0, approve: 1 } }),
  page('pages/groups/show', 'group-running', running),
  page('pages/groups/show', 'group-done', {
    ...running,
    state: 'done',
    endedAt: at,
    certificateName: 'АХМЕТОВА ДАНА',
    unsigned: 0,
    canTryAgain: true,
  }),
  page('pages/groups/show', 'group-stopped', {
    ...running,
    purpose: 'refuse',
    state: 'stopped',
    endedAt: at,
    remark: 'Нет сметы',
    unsigned: 0,
  }),
  page('pages/settings/modules', 'settings-modules', modules),
];

/** Data of the fragments of a group. */
export const groupFragments = { work: running, look };
