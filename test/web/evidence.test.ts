import { createActivities } from '../../activities';
import { openPki } from '../../integrations/pki/pki';
import { activityDeps } from '../../services/open-deps';
import { loadTrust } from '../../services/signing/check-signature';
import { policyFor, verifyCms } from '../../signature';
import { auditStamps, type Evidence, evidenceOf, revocationLists } from '../../storage/queries/evidence';
import { select } from '../../storage/sql';
import { aPdf, TestApplication } from '../support/application';
import { signDetached, type TestKey } from '../support/authority';
import type { Answer, Browser } from '../support/browser';
import { until } from '../support/until';

const day = 86_400_000;
let app: TestApplication;
let head: Browser;

beforeAll(async () => {
  app = await TestApplication.start();
  head = await app.signedIn(app.ours.people.head);
});
afterAll(() => app.stop());
afterEach(() => app.nuc.behave({ ocsp: 'good', tsp: 'good', crl: 'good', clockOffsetMs: 0, lateMs: 20_000 }));

const keyOf = (person = app.ours.people.head): TestKey => app.authority.key({ name: person.name, iin: person.iin });

/** A document sent to the head for a signature. */
async function waiting(text: string): Promise<string> {
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  const id = await app.draft(lawyer, aPdf(text));
  await app.send(lawyer, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
  return id;
}

const sign = (id: string, key: TestKey): Promise<Answer> => app.sign(head, `/documents/${id}`, (bytes) => signDetached(key, bytes));

async function proofOf(documentId: string): Promise<Evidence & { id: string }> {
  const [signature] = await select<{ id: string }>(
    app.deps.db,
    "SELECT id FROM signatures WHERE document_id = :documentId AND state = 'accepted'",
    {
      documentId,
    },
  );
  const id = signature?.id ?? '';
  const evidence = (await evidenceOf(app.deps.db, [id])).get(id);
  if (!evidence) throw new Error('no evidence is being gathered');
  return { ...evidence, id };
}

const settled = (id: string): Promise<unknown> =>
  until(`the proof of ${id}`, async () => (await proofOf(id)).state !== 'gathering', 20_000).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await proofOf(id))}`);
  });
const looked = (id: string): Promise<unknown> => until(`a look at ${id}`, async () => (await proofOf(id)).attempts > 0, 20_000);

test('a signature gets its stamp, answers and certificates, and verifies by them alone years later', async () => {
  const id = await waiting('proof');
  expect((await sign(id, keyOf())).text).toContain('data-signed');
  await settled(id);
  const proof = await proofOf(id);
  expect(proof).toMatchObject({ state: 'complete', verdict: 'valid', level: 'CAdES-LT', pending: [], problem: '' });
  expect(proof.proofEndsAt?.getTime()).toBeGreaterThan(Date.now() + 2.5 * 365 * day);
  expect(proof.nextAt?.getTime()).toBeLessThan(proof.proofEndsAt?.getTime() ?? 0);
  expect(await app.auditActions(id)).toContain('signature.proved');

  const original = await head.get(`/documents/${id}/original`);
  const upgraded = await head.get(`/documents/${id}/signatures/${proof.id}.proof.cms`);
  const report = verifyCms(upgraded.bytes, {
    content: original.bytes,
    at: new Date(Date.now() + 2 * 365 * day),
    trust: loadTrust(app.config.trustFiles),
    policy: policyFor('sign'),
  });
  expect([report.verdict, report.code, report.signers[0]?.level]).toEqual(['valid', 'ok', 'CAdES-LT']);

  const page = await head.get(`/documents/${id}/signatures/${proof.id}`);
  expect(page.status).toBe(200);
  expect(page.text).toContain('Доказательство собрано');
  expect(page.text).toContain('TEST OCSP RESPONDER');
  const json = JSON.parse((await head.get(`/documents/${id}/signatures/${proof.id}.json`)).text) as {
    verdict: string;
    revocation: unknown[];
  };
  expect([json.verdict, json.revocation.length]).toEqual(['valid', 1]);
});

test('the bytes as they came stay as they were', async () => {
  const id = await waiting('untouched');
  let sent = '';
  const key = keyOf();
  await app.sign(head, `/documents/${id}`, (bytes) => (sent = signDetached(key, bytes)));
  await settled(id);
  const { id: signature } = await proofOf(id);
  const kept = await head.get(`/documents/${id}/signatures/${signature}.cms`);
  expect(Buffer.from(kept.bytes).toString('base64')).toBe(sent);
});

test('while no responder answers a signature is taken, the wait is shown, and the proof comes when they do', async () => {
  const id = await waiting('responder away');
  app.nuc.behave({ ocsp: 'down', crl: 'down' });
  expect((await sign(id, keyOf())).text).toContain('data-signed');
  await looked(id);
  const proof = await proofOf(id);
  expect(proof).toMatchObject({ state: 'gathering', verdict: 'indeterminate', code: 'revocation.missing', pending: ['revocation'] });
  expect(proof.problem).toContain('unreachable');
  const page = await head.get(`/documents/${id}/signatures/${proof.id}`);
  expect(page.text).toContain('ответ НУЦ об отзыве');
  expect(page.text).toContain(`/documents/${id}/signatures/${proof.id}/retry`);
  expect(await app.stateOf(id)).toBe('signed');

  app.nuc.behave({ ocsp: 'good', crl: 'good' });
  await new Promise((resolve) => setTimeout(resolve, 10_500)); // a responder that was away is left alone for ten seconds
  expect((await head.post(`/documents/${id}/signatures/${proof.id}/retry`, {})).status).toBe(303);
  await settled(id);
  expect(await proofOf(id)).toMatchObject({ state: 'complete', verdict: 'valid', level: 'CAdES-LT' });
});

test('a revoked key is refused when it signs', async () => {
  const id = await waiting('revoked');
  const key = keyOf();
  app.authority.revoke(key, 'keyCompromise');
  const answer = await sign(id, key);
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('отозван');
  expect(await app.stateOf(id)).toBe('in-signing');
});

test.each(['wrong-nonce', 'wrong-signer', 'wrong-certificate', 'unknown-1970'] as const)(
  'an answer that is %s clears nobody',
  async (ocsp) => {
    const id = await waiting(ocsp);
    app.nuc.behave({ ocsp });
    expect((await sign(id, keyOf())).status).toBe(422);
    expect(await app.stateOf(id)).toBe('in-signing');
  },
);

test('a list stands in for a responder that is away, and knows the revoked', async () => {
  const deps = activityDeps(app.config, 2);
  try {
    const key = keyOf();
    app.authority.revoke(key);
    app.nuc.register.publish(new Date());
    await createActivities(deps).refreshRevocationLists();
    expect((await revocationLists(app.deps.db)).length).toBeGreaterThan(0);
    const id = await waiting('by list');
    app.nuc.behave({ ocsp: 'down' });
    const answer = await sign(id, key);
    expect([answer.status, answer.text.includes('отозван')]).toEqual([422, true]);
    expect((await sign(id, keyOf())).text).toContain('data-signed');
  } finally {
    await deps.close();
  }
});

test('a revocation that turns out later to have come before the signature is told', async () => {
  const id = await waiting('found out later');
  const key = keyOf();
  app.nuc.behave({ ocsp: 'down', crl: 'down' });
  expect((await sign(id, key)).text).toContain('data-signed');
  await looked(id);
  app.authority.revoke(key, 'keyCompromise', new Date(Date.now() - 3_600_000));
  app.nuc.behave({ ocsp: 'good', crl: 'good' });
  await new Promise((resolve) => setTimeout(resolve, 10_500));
  const { id: signature } = await proofOf(id);
  await head.post(`/documents/${id}/signatures/${signature}/retry`, {});
  await settled(id);
  expect(await proofOf(id)).toMatchObject({ state: 'complete', verdict: 'invalid', code: 'certificate.revoked' });
  expect(await app.auditActions(id)).toContain('signature.disproved');
  expect((await head.get(`/documents/${id}`)).text).toContain('Подпись недействительна');
  await until('the mail to the initiator', async () => {
    const sent = "SELECT 1 FROM mail_deliveries WHERE document_id = :id AND template = 'disproved' AND state = 'sent'";
    return (await select(app.deps.db, sent, { id })).length === 1;
  });
});

test.each(['down', 'refused', 'wrong-imprint', 'wrong-purpose'] as const)('a time-stamp that is %s is asked for again', async (tsp) => {
  const id = await waiting(`stamp ${tsp}`);
  app.nuc.behave({ tsp });
  expect((await sign(id, keyOf())).text).toContain('data-signed');
  await looked(id);
  const proof = await proofOf(id);
  expect(proof).toMatchObject({ state: 'gathering', verdict: 'valid', pending: ['time-stamp'] });
  app.nuc.behave({ tsp: 'good' });
  await head.post(`/documents/${id}/signatures/${proof.id}/retry`, {});
  await settled(id);
  expect(await proofOf(id)).toMatchObject({ state: 'complete', level: 'CAdES-LT' });
});

test('before its last proof ends a signature is stamped anew', async () => {
  const id = await waiting('renewal');
  await sign(id, keyOf());
  await settled(id);
  const before = await proofOf(id);
  const later = new Date((before.nextAt?.getTime() ?? 0) + day);
  app.nuc.behave({ clockOffsetMs: later.getTime() - Date.now() });
  const deps = { ...activityDeps(app.config, 2), now: () => later };
  deps.pki = openPki(app.config.pki, () => later);
  try {
    const activities = createActivities(deps);
    expect(await activities.overdueEvidence()).toContain(before.id);
    await activities.gatherEvidence({ signatureId: before.id, waitMs: 1_000, isLast: false });
    const after = await proofOf(id);
    expect(after).toMatchObject({ state: 'complete', verdict: 'valid', level: 'CAdES-LTA' });
    expect(after.objectKey).not.toBe(before.objectKey);
  } finally {
    await deps.close();
  }
});

test('the head of the audit log is stamped once for each day it grew', async () => {
  const deps = activityDeps(app.config, 2);
  try {
    const activities = createActivities(deps);
    expect((await activities.stampAuditHeads()).stamped).toBeGreaterThan(0);
    expect(await activities.stampAuditHeads()).toEqual({ stamped: 0 });
    const [stamp] = await auditStamps(app.deps.db, app.ours.id);
    expect(stamp?.token.length).toBeGreaterThan(500);
  } finally {
    await deps.close();
  }
});

test('what was damaged in the store is never handed out', async () => {
  const id = await waiting('damaged');
  await sign(id, keyOf());
  await settled(id);
  const { id: signature } = await proofOf(id);
  const [kept] = await select<{ cms: string; file: string }>(
    app.deps.db,
    'SELECT s.object_key AS cms, f.object_key AS file FROM signatures s JOIN files f ON f.id = s.file_id WHERE s.id = :signature',
    { signature },
  );
  const [cms, file] = [kept?.cms ?? '', kept?.file ?? ''];
  const original = await app.deps.objects.getBytes(file);
  expect((await head.get(`/documents/${id}/original`)).bytes.length).toBe(original.length);

  await app.deps.objects.putBytes(cms, Buffer.concat([await app.deps.objects.getBytes(cms), Buffer.from([0])]), 'application/octet-stream');
  for (const path of [`signatures/${signature}.cms`, 'download/zip']) {
    const answer = await head.get(`/documents/${id}/${path}`);
    expect([answer.status, answer.text.includes('повреждена')]).toEqual([409, true]);
  }
  original.writeUInt8(original.readUInt8(20) ^ 1, 20);
  await app.deps.objects.putBytes(file, original, 'application/pdf');
  await expect(head.get(`/documents/${id}/original`)).rejects.toThrow();
});

test('nobody reads the report of a document they may not see', async () => {
  const id = await waiting('private');
  await sign(id, keyOf());
  const { id: signature } = await proofOf(id);
  const stranger = await app.signedIn(app.theirs.people.admin);
  for (const form of ['', '.json', '.cms', '.proof.cms'])
    expect((await stranger.get(`/documents/${id}/signatures/${signature}${form}`)).status).toBe(404);
  expect((await head.get(`/documents/${id}/signatures/01ARZ3NDEKTSV4RRFFQ69G5FAV`)).status).toBe(404);
});
