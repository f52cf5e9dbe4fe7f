import { createHash } from 'node:crypto';
import { civilDateOf } from '../domain/calendar/working-days';
import type { Direction, DocumentKind } from '../domain/documents/document';
import type { RouteDraft } from '../domain/routes/draft';
import type { StageKind } from '../domain/routes/route';
import type { Config } from '../services/config';
import { activityDeps } from '../services/open-deps';
import { storeOpened } from '../services/routes/store';
import { DigestSet } from '../signature';
import { makeTextPdf } from '../signature/sheet/text-pdf';
import { appendAudit } from '../storage/audit';
import { newCapability } from '../storage/capabilities';
import { hasDocuments, insertDocument, saveDraft } from '../storage/queries/documents';
import { accountByLogin, organisations as allOrganisations, personById } from '../storage/queries/people';
import type { DemoOrganisation } from './seed-demo';
import type { Db } from '../storage/db';

type Sample = {
  by: string;
  file: string;
  title: string;
  kind: DocumentKind;
  number: string;
  direction: Direction;
  counterparty?: { name: string; bin: string };
  text: string[];
  message?: string;
  /** Stages as logins of members; none leaves a draft. `dueInDays` counts from today. */
  stages: { kind: StageKind; rule?: 'any'; dueInDays?: number; logins: string[] }[];
};

const months = ['январь', 'февраль', 'март', 'апрель', 'май', 'июнь', 'июль', 'август', 'сентябрь', 'октябрь'];

/** A pile on the head's desk, to be signed as a group. */
const reconciliations: Sample[] = months.map((month, index) => ({
  by: 'askar.zhumabayev',
  file: `Акт сверки ${String(index + 1).padStart(2, '0')}-2026.pdf`,
  title: `Акт сверки взаиморасчётов за ${month} 2026 г.`,
  kind: 'act',
  number: `СВ-${String(index + 1).padStart(2, '0')}`,
  direction: 'outgoing',
  counterparty: { name: 'ТОО «Qazyna Logistics»', bin: '181140020174' },
  text: [
    `АКТ СВЕРКИ ВЗАИМОРАСЧЁТОВ № СВ-${String(index + 1).padStart(2, '0')}`,
    `ТОО «Алатау Сервис» и ТОО «Qazyna Logistics» сверили взаимные расчёты за ${month} 2026 года. Расхождений нет.`,
  ],
  stages: [{ kind: 'sign', logins: ['aidar.nurlanov'] }],
}));

const samples: Sample[] = [
  ...reconciliations,
  {
    by: 'marina.kim',
    file: 'Договор поставки № 118-25.pdf',
    title: 'Договор поставки № 118/25 — трансформаторы ТМГ',
    kind: 'contract',
    number: '118/25',
    direction: 'outgoing',
    counterparty: { name: 'ТОО «Qazyna Logistics»', bin: '181140020174' },
    text: [
      'ДОГОВОР ПОСТАВКИ № 118/25',
      'г. Алматы, 20 ноября 2026 г.',
      'ТОО «Qazyna Logistics», именуемое в дальнейшем «Поставщик», и ТОО «Алатау Сервис», именуемое в дальнейшем «Покупатель», заключили настоящий договор о нижеследующем.',
      '1. Поставщик обязуется передать, а Покупатель принять и оплатить трансформаторы силовые масляные ТМГ-630/10 в количестве четырёх штук.',
      '2. Поставка производится по адресу: г. Алматы, ул. Құрманғазы, 40, в течение 30 рабочих дней со дня подписания договора обеими сторонами.',
      '3. Общая сумма договора составляет 31 990 000 тенге с учётом НДС.',
    ],
    message: 'Прошу согласовать и подписать до конца недели: поставщик держит цену до понедельника.',
    stages: [
      { kind: 'approve', dueInDays: 5, logins: ['yerlan.kassymov', 'saule.omarova'] },
      { kind: 'sign', dueInDays: 7, logins: ['aidar.nurlanov'] },
    ],
  },
  {
    by: 'askar.zhumabayev',
    file: 'Акт выполненных работ 42.pdf',
    title: 'Акт выполненных работ № 42 — обслуживание подстанции',
    kind: 'act',
    number: '42',
    direction: 'internal',
    text: [
      'АКТ ВЫПОЛНЕННЫХ РАБОТ № 42',
      'Работы по обслуживанию подстанции ПС-110 выполнены в полном объёме и в срок. Стороны претензий не имеют.',
      'Сумма: 1 280 000 тенге.',
    ],
    stages: [{ kind: 'sign', rule: 'any', dueInDays: 1, logins: ['aidar.nurlanov', 'dana.akhmetova'] }],
  },
  {
    by: 'gulnara.seitova',
    file: 'Приказ об отпуске.pdf',
    title: 'Бұйрық № 57-к: жыл сайынғы еңбек демалысы',
    kind: 'order',
    number: '57-к',
    direction: 'internal',
    text: [
      'БҰЙРЫҚ № 57-к',
      'Жыл сайынғы ақылы еңбек демалысын беру туралы.',
      'Жұмабаев Асқар Ғалымұлына 2026 жылғы 1 желтоқсаннан бастап 24 күнтізбелік күн еңбек демалысы берілсін.',
      'Негіздеме: қызметкердің өтініші.',
    ],
    stages: [
      { kind: 'approve', logins: ['marina.kim'] },
      { kind: 'sign', logins: ['aidar.nurlanov'] },
    ],
  },
  {
    by: 'marina.kim',
    file: 'Доверенность на получение груза.pdf',
    title: 'Доверенность на получение груза',
    kind: 'power-of-attorney',
    number: '',
    direction: 'outgoing',
    text: ['ДОВЕРЕННОСТЬ', 'ТОО «Алатау Сервис» уполномочивает Иванова Павла Сергеевича получить груз на складе ТОО «Qazyna Logistics».'],
    stages: [],
  },
];

/** Puts some documents on their way, so that the first page a visitor sees is not an empty one. Does nothing when any document is there. */
export async function seedDocuments(config: Config, db: Db, organisations: readonly DemoOrganisation[]): Promise<void> {
  if (await hasDocuments(db)) return;
  const bin = organisations[0]?.bin ?? '';
  const organisation = (await allOrganisations(db)).find((each) => each.bin === bin);
  if (!organisation) return;
  const deps = activityDeps(config, 4);
  try {
    await deps.objects.ensureBucket();
    for (const sample of samples) {
      const documentId = await seedOne(deps, organisation.id, sample);
      if (!documentId || sample.stages.length === 0) continue;
      const by = { kind: 'member' as const, personId: documentId.personId, organisationId: organisation.id, role: 'employee' as const };
      const opened = await storeOpened(deps, {
        kind: 'open',
        commandId: deps.newId(),
        documentId: documentId.id,
        attempt: 1,
        rev: 2,
        by,
        at: Date.now(),
      });
      if (!opened.ok) throw new Error(`${sample.title}: ${opened.code}`);
      await deps.send.resume({ documentId: documentId.id, attempt: 1 });
    }
  } finally {
    await deps.close();
  }
}

async function seedOne(
  deps: ReturnType<typeof activityDeps>,
  organisationId: string,
  sample: Sample,
): Promise<{ id: string; personId: string } | null> {
  const author = await accountByLogin(deps.db, sample.by);
  if (!author) return null;
  const people = new Map<string, string>();
  for (const login of sample.stages.flatMap((s) => s.logins)) people.set(login, (await accountByLogin(deps.db, login))?.personId ?? '');
  const now = deps.now();
  const draft: RouteDraft = {
    stages: sample.stages.map((s) => ({
      kind: s.kind,
      rule: s.rule ?? 'all',
      due: s.dueInDays === undefined ? null : civilDateOf(now.getTime() + s.dueInDays * 86_400_000),
      people: s.logins.map((login) => ({ kind: 'member', personId: people.get(login) ?? '' })),
    })),
    message: sample.message ?? '',
    remindDays: null,
  };
  const bytes = Buffer.from(await makeTextPdf(sample.text));
  const { sha256, streebog512 } = new DigestSet(['sha256', 'streebog512']).update(bytes).digests();
  const id = deps.newId();
  const objectKey = `files/${deps.newId()}`;
  const { hash: checkHash } = newCapability(deps.config.secrets, 'check', id, 1);
  if (!sha256 || !streebog512) throw new Error('a digest is missing');
  await deps.objects.putBytes(objectKey, bytes, 'application/octet-stream');
  const file = {
    id: deps.newId(),
    name: sample.file,
    mediaType: 'application/pdf',
    sizeBytes: bytes.length,
    sha256: Buffer.from(sha256),
    streebog512: Buffer.from(streebog512),
    objectKey,
  };
  const person = await personById(deps.db, author.personId);
  await deps.inTx(async (tx) => {
    const { title, kind, direction } = sample;
    await insertDocument(
      tx,
      { id, organisationId, initiatorId: author.personId, title, kind, direction, routeDraft: draft, checkHash, file },
      now,
    );
    const card = {
      title,
      kind,
      number: sample.number,
      date: civilDateOf(now.getTime()),
      direction,
      counterpartyName: sample.counterparty?.name ?? '',
      counterpartyBin: sample.counterparty?.bin ?? '',
    };
    await saveDraft(tx, id, 1, card, draft, now);
    await appendAudit(tx, {
      organisationId,
      at: now,
      actor: { kind: 'member', id: author.personId, name: person?.name ?? '' },
      action: 'document.uploaded',
      entityId: id,
      commandId: deps.newId(),
      details: { file: file.name, bytes: file.sizeBytes, sha256: createHash('sha256').update(bytes).digest('hex') },
    });
  });
  return { id, personId: author.personId };
}
