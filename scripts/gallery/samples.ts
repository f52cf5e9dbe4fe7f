import type { CheckResultPage } from '../../server/check/pages';
import type { DecisionForm, DocumentPage, EditorForm, InSigningRow, ToSignRow } from '../../server/documents/pages';
import type { InvitationPage } from '../../server/invitations/pages';
import type { FileView } from '../../server/kit/parts/file';
import type { RouteView } from '../../server/kit/parts/route';
import type { SignatureView } from '../../server/kit/parts/signer';
import type { Fragments } from '../../server/kit/views';
import type { SignPage } from '../../server/signing/pages';
import type { Mails } from '../../services/mail/templates';
import { type Sample, samplePage as page } from './sample';
import { groupFragments, groupPages } from './samples-groups';
import { keyPages, proveSample } from './samples-keys';
import { phoneFragments, phonePages } from './samples-phone';
import { signaturePages } from './samples-signatures';

/** Realistic data for every page, fragment and mail: what the gallery shows and the tests of the templates render. */
export const now = '2026-11-20T05:10:00.000Z';
const sha256 = '7f3a09c251be88d04477a1c903f2d6ee9b1c5a70e2f488316c0d9a5412abd41e';
const id = (n: number): string => `01KAG0000000000000000000${String(n).padStart(2, '0')}`;

const file: FileView = {
  id: id(1),
  name: 'Договор поставки № 118-25.pdf',
  sizeBytes: 1_468_006,
  display: 'pdf',
  viewUrl: '/sample.pdf',
  downloadUrl: '/documents/1/original',
  sha256,
};

const toSign = (n: number, title: string, more: Partial<ToSignRow> = {}): ToSignRow => ({
  id: id(n),
  href: `/documents/${id(n)}`,
  title,
  number: null,
  kind: 'contract',
  sizeBytes: 1_468_006,
  counterparty: 'ТОО «Qazyna Logistics»',
  initiator: 'Сейітқали А. Б.',
  action: 'sign',
  since: '2026-11-20T03:52:00.000Z',
  due: { date: '2026-11-27', state: 'ok' },
  ...more,
});

const toSignRows: ToSignRow[] = [
  toSign(11, 'Договор поставки № 118/25 — трансформаторы ТМГ', { number: '118/25', due: { date: '2026-11-20', state: 'today' } }),
  toSign(12, 'Акт выполненных работ № 412 за октябрь', {
    number: '412',
    kind: 'act',
    counterparty: 'ТОО «Жетісу Құрылыс»',
    since: '2026-11-12T11:20:00.000Z',
    due: { date: '2026-11-18', state: 'overdue', workingDaysLate: 2 },
  }),
  toSign(13, 'Приказ № 204-л/с об отпуске Петренко О. В.', {
    number: '204-л/с',
    kind: 'order',
    counterparty: null,
    initiator: 'Өмірбекова Г. Һ.',
    action: 'approve',
    since: '2026-11-19T12:41:00.000Z',
    due: { date: '2026-11-23', state: 'soon' },
  }),
  toSign(14, `Дополнительное соглашение к договору аренды нежилых помещений ${'с очень длинным названием '.repeat(6)}`, {
    due: null,
    since: '2025-12-30T08:00:00.000Z',
  }),
  toSign(15, 'Счёт <b>на оплату</b> «кабель» & "муфты"', { kind: 'invoice', counterparty: 'АО «Өскемен Кабель»' }),
];

const inSigning = (n: number, title: string, more: Partial<InSigningRow> = {}): InSigningRow => ({
  id: id(n),
  href: `/documents/${id(n)}`,
  title,
  number: null,
  kind: 'contract',
  sizeBytes: 420_000,
  counterparty: 'ТОО «Жетісу Құрылыс»',
  initiator: 'Ахметова Д. С.',
  stage: { kind: 'sign', index: 1, count: 2 },
  awaited: [{ name: 'Оразбай С. Н.', isOutside: true, delivery: { state: 'delivered', at: '2026-11-17T05:21:00.000Z' } }],
  sentAt: '2026-11-17T05:20:00.000Z',
  due: { date: '2026-11-27', state: 'ok' },
  ...more,
});

const noFilter = { q: '', kind: '', state: '', who: '', from: '', to: '' };
const pager = { previous: null, next: '/documents?after=abc', shown: 5, total: 1_000, isTotalCapped: true };
const onePage = { previous: null, next: null, shown: 5, total: 5 };

export const signature: SignatureView = {
  id: id(31),
  verdict: 'valid',
  code: 'ok',
  name: 'Бекмұрат Сәуле Ғалымқызы',
  iin: '880412400214',
  organisation: 'ТОО «Qazyna Logistics»',
  bin: '150340021876',
  roles: ['legal-entity', 'first-head'],
  purpose: 'sign',
  at: '2026-11-20T03:40:17.000Z',
  timeSource: 'timestamp',
  level: 'CAdES-T',
  checks: [
    { name: 'structure', result: 'pass', detail: null },
    { name: 'digest', result: 'pass', detail: null },
    { name: 'signature', result: 'pass', detail: null },
    { name: 'chain', result: 'pass', detail: null },
    { name: 'revocation', result: 'not checked', detail: null },
  ],
  certificate: {
    serial: '3c90a1f2b4d5e6f708192a3b4c5d6e7f8091a2b3',
    issuer: 'C=KZ,CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022',
    algorithm: 'gost2015',
    notBefore: '2026-03-02T00:00:00.000Z',
    notAfter: '2027-03-02T00:00:00.000Z',
  },
  cmsUrl: '/documents/1/signatures/31.cms',
  reportUrl: '/documents/1/signatures/31',
  proof: {
    state: 'complete',
    level: 'CAdES-LT',
    pending: [],
    problem: null,
    attempts: 1,
    checkedAt: '2026-11-20T03:41:00.000Z',
    nextAt: '2028-07-29T00:00:00.000Z',
    proofEndsAt: '2028-10-27T00:00:00.000Z',
  },
};

const doubtful: SignatureView = {
  ...signature,
  id: id(32),
  verdict: 'indeterminate',
  code: 'revocation.missing',
  name: 'Ким Светлана Викторовна',
  organisation: 'ТОО «Алатау Сервис»',
  at: '2026-11-19T11:05:00.000Z',
  timeSource: 'received',
  proof: {
    state: 'gathering',
    level: 'CAdES-T',
    pending: ['revocation'],
    problem: 'OCSP http://ocsp.pki.gov.kz: too-slow (no answer within 10000 ms)',
    attempts: 3,
    checkedAt: '2026-11-20T05:00:00.000Z',
    nextAt: '2026-11-20T06:00:00.000Z',
    proofEndsAt: null,
  },
};

const bad: SignatureView = {
  ...signature,
  id: id(33),
  verdict: 'invalid',
  code: 'digest.mismatch',
  timeSource: 'claimed',
  certificate: null,
  cmsUrl: null,
  reportUrl: null,
  proof: null,
};

const route: RouteView = {
  base: `/documents/${id(11)}`,
  rev: 7,
  isLive: true,
  pollUrl: `/documents/${id(11)}/route`,
  state: 'in-signing',
  canRemind: true,
  checkUrl: '/check/01KAGH2Z5Q6M',
  signatures: [signature, doubtful],
  stages: [
    {
      kind: 'approve',
      rule: 'all',
      due: null,
      state: 'done',
      people: [
        {
          id: id(41),
          name: 'Жұмабаев Ә. Б.',
          sub: 'юрист',
          isOutside: false,
          isReader: false,
          state: 'approved',
          since: '2026-11-19T04:00:00.000Z',
          at: '2026-11-19T09:20:00.000Z',
          remark: 'Пункт 4.2 лучше уточнить, не блокирует.',
          link: null,
          delivery: null,
        },
        {
          id: id(42),
          name: 'Ким С. В.',
          sub: 'гл. бухгалтер',
          isOutside: false,
          isReader: false,
          state: 'not-needed',
          since: null,
          at: null,
          remark: null,
          link: null,
          delivery: null,
        },
      ],
    },
    {
      kind: 'sign',
      rule: 'all',
      due: { date: '2026-11-20', state: 'today' },
      state: 'active',
      people: [
        {
          id: id(43),
          name: 'Бекмұрат С. Ғ.',
          sub: '«Qazyna Logistics»',
          isOutside: true,
          isReader: false,
          state: 'asked',
          since: '2026-11-19T12:00:00.000Z',
          at: null,
          remark: null,
          link: 'open',
          delivery: { state: 'failed', at: '2026-11-19T12:00:05.000Z', detail: '550 no such mailbox' },
        },
        {
          id: id(44),
          name: 'Нұрланов Е. Қ.',
          sub: 'директор',
          isOutside: false,
          isReader: true,
          state: 'asked',
          since: '2026-11-20T03:52:00.000Z',
          at: null,
          remark: null,
          link: null,
          delivery: null,
        },
      ],
    },
    {
      kind: 'sign',
      rule: 'any',
      due: null,
      state: 'waiting',
      people: [
        {
          id: id(45),
          name: 'Ахметова Д. С.',
          sub: 'канцелярия',
          isOutside: false,
          isReader: false,
          state: 'waiting',
          since: null,
          at: null,
          remark: null,
          link: null,
          delivery: null,
        },
      ],
    },
  ],
};

const document: DocumentPage = {
  head: {
    id: id(11),
    title: 'Договор поставки № 118/25 — трансформаторы ТМГ',
    number: '118/25',
    state: 'in-signing',
    asked: 'sign',
    due: { date: '2026-11-20', state: 'today' },
    counterparty: 'ТОО «Qazyna Logistics»',
    attempt: 2,
    can: { sign: true, refuse: true, withdraw: true, remind: true },
    rev: 7,
    downloads: { original: file, hasSignatures: true, hasSheet: true },
  },
  card: {
    kind: 'contract',
    number: '118/25',
    date: '2026-11-20',
    direction: 'incoming',
    counterpartyName: 'ТОО «Qazyna Logistics»',
    counterpartyBin: '150340021876',
    initiator: { name: 'Сейітқали Айгүл', position: 'отдел закупок' },
    createdAt: '2026-11-18T05:00:00.000Z',
    message: 'Прошу проверить пункт 4.2:\nаванс 30 %, остаток после приёмки.',
    file,
    attempts: [
      { attempt: 1, href: `/documents/${id(10)}`, state: 'refused', at: '2026-11-17T05:00:00.000Z', isCurrent: false },
      { attempt: 2, href: `/documents/${id(11)}`, state: 'in-signing', at: '2026-11-18T05:00:00.000Z', isCurrent: true },
    ],
  },
  route,
};

const refusedDocument: DocumentPage = {
  ...document,
  head: {
    ...document.head,
    state: 'refused',
    asked: null,
    due: null,
    can: { reupload: true, edit: true, delete: true },
    ending: { by: 'Жұмабаев Ә. Б.', at: '2026-11-19T06:30:00.000Z', remark: 'Нет условия о гарантии 36 месяцев.' },
  },
  card: { ...document.card, file: { ...file, display: 'download', name: 'Договор поставки № 118-25.docx' }, attempts: [] },
  route: {
    ...route,
    state: 'refused',
    isLive: false,
    canRemind: false,
    checkUrl: null,
    signatures: [bad],
    stages: route.stages.map((stage, i) => ({ ...stage, state: i === 0 ? 'refused' : 'stopped' })),
  },
};

const editor: EditorForm = {
  documentId: id(12),
  command: id(90),
  rev: 3,
  title: 'Договор подряда № 41-П — ремонт насосной станции НС-3',
  kind: 'contract',
  number: '41-П',
  date: '2026-11-20',
  direction: 'outgoing',
  counterpartyName: 'ТОО «Жетісу Құрылыс»',
  counterpartyBin: '150340021876',
  message: 'Прошу проверить пункт 4.2: аванс 30 %, остаток после приёмки.',
  remindDays: '2',
  stages: [
    {
      kind: 'approve',
      rule: 'all',
      due: '2026-11-24',
      people: [
        { type: 'member', userId: id(51), name: 'Жұмабаев Әлихан Бекұлы', position: 'юрист' },
        { type: 'member', userId: id(52), name: 'Ким Светлана Викторовна', position: 'главный бухгалтер' },
      ],
    },
    {
      kind: 'sign',
      rule: 'any',
      due: '2026-11-27',
      people: [
        { type: 'member', userId: id(53), name: 'Нұрланов Ерлан Қайратұлы', position: 'директор, первый руководитель' },
        { type: 'outside', email: 's.orazbai@zhetisu-q.kz', name: 'Оразбай С. Н.', iin: '850412300017' },
      ],
    },
  ],
  errors: {},
  savedAt: '2026-11-20T05:02:00.000Z',
  focus: null,
  file: { ...file, name: 'Договор подряда № 41-П.pdf' },
  canDelete: true,
};

const editorWithErrors: EditorForm = {
  ...editor,
  title: '',
  stages: [
    { ...editor.stages[0]!, due: '2026-11-01', outside: { email: 'b.abenova', name: 'Абенова Б. К.', iin: '9002' } },
    {
      kind: 'sign',
      rule: 'all',
      due: '',
      people: [],
      search: 'пет',
      suggestions: [
        { userId: id(54), name: 'Петренко Олег Викторович', position: 'начальник службы эксплуатации', isTaken: false },
        { userId: id(55), name: 'Петрова Анна Сергеевна', position: 'инженер ПТО', isTaken: true },
      ],
    },
  ],
  errors: {
    title: { code: 'field.required' },
    counterparty_bin: { code: 'field.bad_bin' },
    'stage.0.due': { code: 'draft.due_in_past' },
    'stage.0.outside.email': { code: 'draft.bad_email' },
    'stage.0.outside.iin': { code: 'draft.bad_iin' },
    'stage.1.people': { code: 'draft.empty_stage' },
  },
  focus: 'editor-errors',
};

const signing: SignPage = {
  base: `/documents/${id(11)}`,
  title: document.head.title,
  file,
  signer: { name: 'Нұрланов Ерлан Қайратұлы', iin: '810412300214' },
  onBehalf: { name: 'ТОО «Алатау Сервис»', bin: '140940018327' },
  requiredKey: 'signer',
  command: id(91),
  expiresAt: '2026-11-20T05:40:00.000Z',
  sessionUrl: '/sample-session.json',
  postUrl: `/documents/${id(11)}/sign`,
  ncalayerUrl: 'ws://127.0.0.1:9/',
  simulatorUrl: '/keys',
  phoneUrl: null,
};

const decision = (kind: DecisionForm['kind'], more: Partial<DecisionForm> = {}): DecisionForm => ({
  kind,
  base: `/documents/${id(11)}`,
  title: document.head.title,
  rev: 7,
  command: id(92),
  remark: '',
  errors: {},
  ...more,
});

const invitation: InvitationPage = {
  base: '/invitations/token',
  state: 'open',
  action: 'sign',
  invitee: { name: 'Оразбай Серік Нұрланұлы', email: 's.orazbai@zhetisu-q.kz' },
  sender: { name: 'Ахметова Д. С.', organisation: 'ТОО «Алатау Сервис»', email: 'd.akhmetova@alatau.example' },
  message: 'Прошу подписать до пятницы.',
  expiresAt: '2026-12-01T18:59:00.000Z',
  answer: null,
  document: {
    title: document.head.title,
    number: '118/25',
    kind: 'contract',
    file,
    route: { ...route, base: '/invitations/token', pollUrl: '/invitations/token/route', canRemind: false },
  },
};

const checked: CheckResultPage = {
  code: '01KAGH2Z5Q6M',
  verdict: 'valid',
  reason: null,
  document: { title: 'Договор поставки № 118/25', number: '118/25', fileName: 'dogovor-118-25.pdf', sizeBytes: 1_468_006, sha256 },
  isOwnWord: false,
  signers: [signature, { ...signature, id: id(34), name: 'Нұрланов Ерлан Қайратұлы', organisation: 'ТОО «Алатау Сервис»' }],
  checkedAt: now,
  comparison: null,
  errors: {},
};

const people = {
  q: '',
  people: [
    {
      id: id(61),
      rev: 1,
      name: 'Ахметова Динара Серікқызы',
      login: 'd.akhmetova',
      email: 'd.akhmetova@alatau.example',
      position: 'делопроизводитель',
      role: 'owner' as const,
      source: 'directory' as const,
      isActive: true,
      isEndedByDirectory: false,
      isRoleByDirectory: false,
      isOwnAccount: true,
      isReader: true,
      lastSeenAt: now,
    },
    {
      id: id(62),
      rev: 1,
      name: 'Петренко Олег Викторович',
      login: 'o.petrenko',
      email: 'o.petrenko@alatau.example',
      position: 'начальник службы эксплуатации',
      role: 'employee' as const,
      source: 'local' as const,
      isActive: true,
      isEndedByDirectory: false,
      isRoleByDirectory: false,
      isOwnAccount: true,
      isReader: false,
      lastSeenAt: '2026-11-18T05:00:00.000Z',
    },
    {
      id: id(63),
      rev: 1,
      name: 'Іскаков Темірлан',
      login: 't.iskakov',
      email: null,
      position: null,
      role: 'user' as const,
      source: 'local' as const,
      isActive: false,
      isEndedByDirectory: true,
      isRoleByDirectory: true,
      isOwnAccount: false,
      isReader: false,
      lastSeenAt: null,
    },
  ],
  pager: onePage,
  roles: ['owner', 'admin', 'employee', 'user'] as const,
  form: { command: id(93), login: '', name: '', email: '', iin: '', position: '', role: 'employee' as const, errors: {}, isOpen: false },
};

const peoplePage = { ...people, roles: [...people.roles], given: null };
const preview = {
  at: now,
  changes: [
    { kind: 'add' as const, name: 'Асанов Мақсат', login: 'm.asanov', from: null, to: 'employee' as const, error: null },
    { kind: 'role' as const, name: 'Петренко Олег', login: 'o.petrenko', from: 'employee' as const, to: 'admin' as const, error: null },
    { kind: 'disable' as const, name: 'Уволенный Пётр', login: 'p.uvol', from: 'user' as const, to: null, error: null },
    { kind: 'skip' as const, name: 'Принтер', login: 'printer', from: null, to: null, error: { code: 'directory.no_email' } },
  ],
  unchanged: 41,
};

/** Pages in the states worth looking at; the label is unique and names the screenshot. */
export const pages: readonly Sample[] = [
  ...keyPages,
  ...phonePages,
  ...signaturePages(signature, doubtful),
  ...groupPages,
  page('pages/sign-in', 'sign-in', {
    login: '',
    returnTo: '/to-sign',
    error: null,
    usesPhone: true,
    usesDirectory: true,
    demoAccounts: [
      { login: 'dana.akhmetova', password: 'Kense-demo-1', name: 'Ахметова Дана', organisation: 'ТОО «Алатау Сервис»', role: 'admin' },
      { login: 'saule.bekmurat', password: 'Kense-demo-1', name: 'Бекмұрат Сәуле', organisation: 'ТОО «Qazyna Logistics»', role: 'owner' },
    ],
  }),
  page('pages/sign-in', 'sign-in-limited', {
    login: 'd.akhmetova',
    returnTo: null,
    error: { code: 'sign_in.limited', params: { minutes: 15 } },
    usesPhone: false,
    usesDirectory: false,
    demoAccounts: [],
  }),
  page('pages/choose-organisation', 'choose-organisation', {
    organisations: [
      { id: id(1), person: id(3), name: 'ТОО «Алатау Сервис»', role: 'admin', needs: null, isNew: false },
      { id: id(2), person: id(4), name: 'ТОО «Qazyna Logistics»', role: 'user', needs: null, isNew: true },
    ],
    returnTo: null,
    error: null,
  }),
  page('pages/to-sign', 'to-sign', {
    filter: noFilter,
    isFiltered: false,
    rows: toSignRows,
    pager: onePage,
    counts: { all: 5, sign: 4, approve: 1, overdue: 1 },
    groups: [{ href: '/groups/1', purpose: 'answer', state: 'running', answered: 40, total: 100 }],
    choose: { command: id(98), all: 12, limit: 1_000, usesPhone: true },
  }),
  page('pages/to-sign', 'to-sign-empty', {
    filter: noFilter,
    isFiltered: false,
    rows: [],
    pager: { ...onePage, shown: 0, total: 0 },
    counts: { all: 0, sign: 0, approve: 0, overdue: 0 },
    groups: [{ href: '/groups/2', purpose: 'answer', state: 'listed', answered: 0, total: 3 }],
    choose: null,
  }),
  page('pages/in-signing', 'in-signing', {
    filter: { ...noFilter, state: 'mine' },
    isFiltered: true,
    rows: [
      inSigning(21, 'Договор подряда № 40-П — кровля склада', {
        awaited: [
          { name: 'Оразбай С. Н.', isOutside: true, delivery: { state: 'opened', at: now } },
          { name: 'Абенова Б. К.', isOutside: true, delivery: { state: 'failed', at: now, detail: '550: ящика нет' } },
        ],
        due: { date: '2026-11-20', state: 'today' },
      }),
      inSigning(22, 'Приказ № 205-л/с о премировании', {
        kind: 'order',
        counterparty: null,
        stage: { kind: 'approve', index: 2, count: 3 },
        awaited: [{ name: 'Ким С. В.', isOutside: false, delivery: { state: 'queued', at: null } }],
      }),
    ],
    pager: { ...onePage, shown: 2, total: 2 },
    counts: { all: 27, mine: 8, outside: 14, undelivered: 3, overdue: 2 },
  }),
  page('pages/documents/list', 'documents', {
    filter: { ...noFilter, q: 'договор' },
    isFiltered: true,
    rows: (['draft', 'in-signing', 'signed', 'refused', 'expired', 'withdrawn'] as const).map((state, i) => ({
      ...toSignRows[i % toSignRows.length]!,
      id: id(70 + i),
      state,
      updatedAt: '2026-11-19T05:00:00.000Z',
    })),
    pager,
  }),
  page('pages/documents/list', 'documents-nothing', {
    filter: { ...noFilter, q: 'ъъъ' },
    isFiltered: true,
    rows: [],
    pager: { ...onePage, shown: 0, total: 0 },
  }),
  page('pages/documents/new', 'new', {
    command: id(94),
    maxBytes: 104_857_600,
    accepts: ['.pdf', '.docx', '.xlsx', '.jpg', '.png'],
    results: [
      {
        command: id(95),
        fileName: 'Договор подряда № 41-П.pdf',
        sizeBytes: 2_300_000,
        draftHref: `/documents/${id(12)}/edit`,
        error: null,
      },
      { command: id(96), fileName: 'smeta.exe', sizeBytes: 8_400_000, draftHref: null, error: { code: 'upload.type' } },
    ],
  }),
  page('pages/documents/edit', 'editor', { form: editor }),
  page('pages/documents/edit', 'editor-errors', { form: editorWithErrors }),
  page('pages/documents/edit', 'editor-empty', {
    form: { ...editor, stages: [], savedAt: null, canDelete: false, errors: { route: { code: 'draft.no_stages' } } },
  }),
  page('pages/documents/show', 'document', document),
  page('pages/documents/show', 'document-refused', refusedDocument),
  page('pages/documents/history', 'history', {
    document: { id: id(11), title: document.head.title },
    chain: { isWhole: true, count: 38, checkedAt: now, lastHash: sha256 },
    events: [
      { number: 38, at: now, who: null, action: 'signature.checked', remark: null, from: null, hash: sha256 },
      {
        number: 37,
        at: '2026-11-20T04:58:40.000Z',
        who: 'Нұрланов Е. Қ.',
        action: 'route.signed',
        remark: null,
        from: '10.20.4.12',
        hash: sha256,
      },
      {
        number: 36,
        at: '2026-11-19T06:30:02.000Z',
        who: 'Жұмабаев Ә. Б.',
        action: 'route.refused',
        remark: 'Нет условия о гарантии 36 месяцев',
        from: '10.20.4.45',
        hash: sha256,
      },
      {
        number: 35,
        at: '2026-11-19T06:00:02.000Z',
        who: 'Сейітқали А.',
        action: 'something.unknown',
        remark: null,
        from: '10.20.4.51',
        hash: sha256,
      },
    ],
    pager: { ...onePage, shown: 4, total: 38 },
  }),
  page('pages/documents/decision', 'refuse', decision('refuse', { errors: { remark: { code: 'route.remark_required' } } })),
  page('pages/documents/decision', 'approve', decision('approve')),
  page('pages/documents/decision', 'withdraw', decision('withdraw')),
  page('pages/documents/decision', 'extend', { ...decision('extend'), due: '2026-11-30' }),
  page('pages/documents/decision', 'delete', decision('delete')),
  page('pages/documents/decision', 'reupload', decision('reupload', { accepts: ['.pdf', '.docx'], maxBytes: 104_857_600 })),
  page('pages/documents/sign', 'sign', signing),
  page('pages/trash', 'trash', {
    filter: noFilter,
    isFiltered: false,
    rows: [{ ...toSignRows[0]!, deletedAt: '2026-11-19T05:00:00.000Z' }],
    pager: { ...onePage, shown: 1, total: 1 },
  }),
  page('pages/invitations/show', 'invitation', invitation),
  page('pages/invitations/show', 'invitation-answered', {
    ...invitation,
    state: 'answered',
    answer: { kind: 'refused', at: now, remark: 'Не та сумма.' },
  }),
  page('pages/invitations/show', 'invitation-closed', { ...invitation, state: 'closed' }),
  page('pages/invitations/show', 'invitation-expired', { ...invitation, state: 'expired', document: null }),
  page('pages/invitations/show', 'invitation-revoked', { ...invitation, state: 'revoked', document: null }),
  page('pages/invitations/decision', 'invitation-refuse', { ...decision('refuse'), base: '/invitations/token' }),
  page('pages/invitations/sign', 'invitation-sign', {
    ...signing,
    base: '/invitations/token',
    onBehalf: null,
    requiredKey: 'individual',
    simulatorUrl: null,
  }),
  page('pages/check/form', 'check', { errors: {} }),
  page('pages/check/form', 'check-errors', { errors: { form: { code: 'limited' }, signature: { code: 'structure.not_der' } } }),
  page('pages/check/result', 'check-valid', checked),
  page('pages/check/result', 'check-indeterminate', {
    ...checked,
    verdict: 'indeterminate',
    signers: [signature, doubtful],
    comparison: 'same',
  }),
  page('pages/check/result', 'check-invalid', {
    ...checked,
    code: null,
    verdict: 'invalid',
    reason: 'digest.mismatch',
    signers: [bad],
    comparison: 'different',
    document: { ...checked.document, title: null, number: null },
  }),
  page('pages/check/result', 'check-pack', { ...checked, code: null, isOwnWord: true, document: { ...checked.document, number: null } }),
  page('pages/check/waiting', 'check-waiting', { token: '0LZ4n1cq9m', ahead: 3 }),
  page('pages/check/waiting', 'check-running', { token: '0LZ4n1cq9m', ahead: null }),
  page('pages/check/unknown', 'check-unknown', { code: '01KAGH2Z5Q6M' }),
  page('pages/settings/sessions', 'sessions', {
    person: {
      name: 'Ахметова Динара Серікқызы',
      login: 'd.akhmetova',
      email: 'd.akhmetova@alatau.example',
      position: 'делопроизводитель',
      role: 'employee',
      source: 'directory',
    },
    sessions: [
      {
        id: id(81),
        browser: 'Chrome 142',
        system: 'Windows 11',
        address: '10.20.4.61',
        startedAt: '2026-11-20T03:31:00.000Z',
        seenAt: now,
        isCurrent: true,
      },
      {
        id: id(82),
        browser: 'Firefox 145',
        system: 'Windows 10',
        address: '10.20.4.77',
        startedAt: '2026-11-18T09:10:00.000Z',
        seenAt: '2026-11-18T09:52:00.000Z',
        isCurrent: false,
      },
    ],
  }),
  page('pages/settings/people', 'people', peoplePage),
  page('pages/settings/people', 'people-given', {
    ...peoplePage,
    given: { name: 'Петренко Олег Викторович', mailedTo: null, url: 'https://kense.example/sign-in/reset/01KAG/token' },
  }),
  page('pages/settings/people', 'people-form', {
    ...peoplePage,
    q: 'нет',
    people: [],
    form: { ...people.form, isOpen: true, errors: { login: { code: 'person.login_taken' }, password: { code: 'person.weak_password' } } },
  }),
  page('pages/settings/directory', 'directory', {
    url: 'ldaps://dc1.alatau.example:636',
    baseDn: 'ou=people,dc=alatau,dc=example',
    isEncrypted: true,
    lastSync: { at: now, ended: 3, changed: 1, members: 412, waiting: null },
    test: { isOk: true, at: now, people: 412, error: null },
    mapping: [{ group: 'cn=kense-admins,ou=groups,dc=alatau,dc=example', role: 'admin' }],
    roles: ['owner', 'admin', 'employee', 'user'],
    command: id(97),
    rev: 2,
    errors: {},
    preview,
  }),
  page('pages/settings/directory', 'directory-waiting', {
    url: 'ldaps://dc1.alatau.example:636',
    baseDn: 'ou=people,dc=alatau,dc=example',
    isEncrypted: true,
    lastSync: {
      at: now,
      ended: 0,
      changed: 0,
      members: 40,
      waiting: [
        { personId: id(5), name: 'Ким Светлана', login: 's.kim', why: 'gone' },
        { personId: id(6), name: 'Жұмабаев Әлихан', login: 'a.zhumabaev', why: 'no-group' },
      ],
    },
    test: null,
    mapping: [],
    roles: ['admin', 'employee', 'user'],
    command: id(97),
    rev: 2,
    errors: {},
    preview: null,
  }),
  page('pages/settings/directory', 'directory-none', {
    url: null,
    baseDn: null,
    isEncrypted: false,
    lastSync: null,
    test: null,
    mapping: [],
    roles: ['admin', 'employee', 'user'],
    command: id(98),
    rev: 0,
    errors: { 'group.0': { code: 'directory.bad_group' } },
    preview: null,
  }),
  page('pages/keys', 'keys', {}),
  ...([400, 403, 404, 409, 410, 413, 422, 429, 500, 503] as const).map((status) =>
    page('pages/error', `error-${status}`, { status, requestId: '01KAGH2Z5Q6M', ...(status === 429 ? { retryAfterSeconds: 240 } : {}) }),
  ),
  page('pages/command-pending', 'command-pending', { command: id(99), href: `/documents/${id(11)}`, startedAt: now }),
];

type FragmentSample = { [Name in keyof Fragments]: { name: Name; data: Fragments[Name] } }[keyof Fragments];
const fragment = <Name extends keyof Fragments>(name: Name, data: Fragments[Name]): FragmentSample =>
  ({ name, data }) as unknown as FragmentSample;

/** Every fragment, for the test that each has one root. */
export const fragments: readonly FragmentSample[] = [
  fragment('fragments/flash', { tone: 'ok', key: 'flash.sent' }),
  fragment('fragments/flash', { tone: 'bad', key: 'errors.status.500', requestId: '01KAGH2Z5Q6M', outOfBand: true }),
  fragment('fragments/counter', { id: 'counter-to-sign', count: 3 }),
  fragment('fragments/command-pending', { command: id(99), href: '/', startedAt: now }),
  fragment('fragments/lists/to-sign', {
    filter: noFilter,
    isFiltered: false,
    rows: toSignRows,
    pager: onePage,
    counts: { all: 5, sign: 4, approve: 1, overdue: 1 },
    groups: [],
    choose: null,
  }),
  fragment('fragments/lists/in-signing', {
    filter: noFilter,
    isFiltered: false,
    rows: [inSigning(21, 'Договор')],
    pager: onePage,
    counts: { all: 1, mine: 1, outside: 1, undelivered: 0, overdue: 0 },
  }),
  fragment('fragments/lists/documents', { filter: noFilter, isFiltered: false, rows: [], pager }),
  fragment('fragments/lists/trash', { filter: noFilter, isFiltered: false, rows: [], pager }),
  fragment('fragments/phone/state', phoneFragments.state),
  fragment('fragments/phone/dialog', phoneFragments.dialog),
  fragment('fragments/groups/work', groupFragments.work),
  fragment('fragments/groups/look', groupFragments.look),
  fragment('fragments/upload-row', { command: id(95), fileName: 'a.pdf', sizeBytes: 10, draftHref: '/documents/1/edit', error: null }),
  fragment('fragments/documents/editor', editor),
  fragment('fragments/documents/suggest', { stage: 1, q: 'пет', people: editorWithErrors.stages[1]!.suggestions! }),
  fragment('fragments/documents/head', document.head),
  fragment('fragments/documents/route', route),
  fragment('fragments/documents/decision', decision('refuse')),
  fragment('fragments/signing/dialog', signing),
  fragment('fragments/signing/result', {
    base: signing.base,
    verdict: 'indeterminate',
    code: 'revocation.missing',
    error: null,
    certificateName: 'Нұрланов Ерлан',
    documentHref: signing.base,
  }),
  fragment('fragments/signing/result', {
    base: signing.base,
    verdict: null,
    code: '',
    error: { code: 'signing.wrong_iin' },
    certificateName: 'Ким Светлана',
    documentHref: signing.base,
  }),
  fragment('fragments/settings/people', peoplePage),
  fragment('fragments/settings/directory-preview', preview),
  fragment('fragments/keys', {}),
  fragment('fragments/prove', proveSample),
];

const mailBase = {
  recipient: 'Оразбай Серік',
  organisation: 'ТОО «Алатау Сервис»',
  title: 'Договор № 118/25 <трансформаторы>',
  number: '118/25',
  url: 'https://kense.example/invitations/token',
};

const asked = { ...mailBase, action: 'sign' as const, sender: 'Ахметова Д. С.', message: 'Прошу до пятницы.', due: '2026-11-27' };
const account = {
  recipient: 'Оразбай Серік',
  organisation: 'ТОО «Алатау Сервис»',
  login: 's.orazbay',
  url: 'https://kense.example/sign-in',
};

/** Every mail. */
export const mails: { [Name in keyof Mails]: Mails[Name] } = {
  invitation: asked,
  'password-reset': { ...account, hours: 0 },
  'password-changed': { ...account, at: now, address: '10.20.4.61' },
  'iin-elsewhere': { ...account, at: now, serial: '3ac51f0a77b2' },
  'invitation-outside': { ...asked, expiresAt: '2026-12-01T18:59:00.000Z', senderEmail: 'd.akhmetova@alatau.example' },
  reminder: { ...asked, action: 'approve', since: '2026-11-17T05:20:00.000Z' },
  answered: { ...mailBase, action: 'approve', by: 'Жұмабаев Ә. Б.', at: now, remark: null },
  refused: { ...mailBase, by: 'Жұмабаев Ә. Б.', at: now, remark: 'Нет условия о гарантии.' },
  completed: { ...mailBase, at: now, signers: ['Бекмұрат С. Ғ.', 'Нұрланов Е. Қ.'] },
  expired: { ...mailBase, due: '2026-11-18', awaited: ['Ким С. В.'] },
  withdrawn: { ...mailBase, by: 'Ахметова Д. С.', at: now, remark: null },
  disproved: { ...mailBase, signer: 'Ким Светлана Викторовна', code: 'certificate.revoked', at: now },
  'audit-head': {
    ...mailBase,
    rows: 4211,
    line: `kense-head 01K9G7Q4M0000000000000000A 4211 ${'5e'.repeat(32)} keyed-after 0 at ${now}`,
    at: now,
  },
};
