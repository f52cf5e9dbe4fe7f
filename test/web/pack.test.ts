import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createActivities } from '../../activities';
import { openZipSource } from '../../services/check/zip-source';
import { activityDeps } from '../../services/open-deps';
import { root } from '../../services/root';
import { loadTrust } from '../../services/signing/check-signature';
import { type PackReport, verifyPack } from '../../signature/pack';
import { evidenceOf } from '../../storage/queries/evidence';
import { select } from '../../storage/sql';
import { aPdf, TestApplication } from '../support/application';
import { signDetached } from '../support/authority';
import type { Browser } from '../support/browser';
import { until } from '../support/until';
import { makeZip } from '../support/zip';

/** Names in zips are Unicode whatever the machine's locale. */
const utf8 = { ...process.env, LC_ALL: 'C.UTF-8' };
const yearMs = 365 * 86_400_000;
let app: TestApplication;
let head: Browser;
let folder: string;

beforeAll(async () => {
  app = await TestApplication.start();
  head = await app.signedIn(app.ours.people.head);
  folder = mkdtempSync(path.join(tmpdir(), 'kense-pack-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await app.stop();
});

/** A document signed by the head with its proof gathered; other documents of the house are busy meanwhile. */
async function signed(text: string): Promise<string> {
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  const id = await app.draft(lawyer, aPdf(text), 'Договор № 1.pdf');
  await app.draft(lawyer, aPdf(`${text} elsewhere`));
  await app.send(lawyer, id, [{ kind: 'sign', people: [app.ours.people.head] }]);
  const { name, iin } = app.ours.people.head;
  const key = app.authority.key({ name, iin });
  expect((await app.sign(head, `/documents/${id}`, (bytes) => signDetached(key, bytes))).text).toContain('data-signed');
  await until(
    'the proof',
    async () => {
      const [row] = await select<{ id: string }>(app.deps.db, 'SELECT id FROM signatures WHERE document_id = :id', { id });
      return (await evidenceOf(app.deps.db, [row?.id ?? ''])).get(row?.id ?? '')?.state === 'complete';
    },
    20_000,
  );
  await app.draft(lawyer, aPdf(`${text} afterwards`));
  return id;
}

async function stampLog(): Promise<void> {
  const deps = activityDeps(app.config, 2);
  try {
    await createActivities(deps).stampAuditHeads();
  } finally {
    await deps.close();
  }
}

async function download(id: string, name: string): Promise<string> {
  const answer = await head.get(`/documents/${id}/download/pack.zip`);
  expect(answer.status).toBe(200);
  const file = path.join(folder, name);
  writeFileSync(file, answer.bytes);
  return file;
}

async function check(file: string, at = new Date()): Promise<PackReport> {
  const source = await openZipSource(file);
  try {
    return await verifyPack(source, { at, trust: loadTrust(app.config.trustFiles) });
  } finally {
    source.close();
  }
}

test('a pack proves signatures and history by itself, years later too', async () => {
  const id = await signed('pack');
  await stampLog();
  const file = await download(id, 'pack.zip');
  for (const at of [new Date(), new Date(Date.now() + 2 * yearMs)]) {
    const report = await check(file, at);
    expect(report).toMatchObject({ verdict: 'valid', files: { changed: [], unlisted: [] }, audit: { result: 'whole', faults: [] } });
    expect(report.signatures.map((one) => [one.report.code, one.report.signers[0]?.level, one.isSameSignature])).toEqual([
      ['ok', 'CAdES-LT', true],
    ]);
    expect(report.audit?.rows).toBeGreaterThan(3);
    expect(report.audit?.stampedRows).toBe(report.audit?.rows);
    expect(report.audit?.stamps[0]).toMatchObject({ result: 'pass', tsa: expect.stringContaining('TEST TSA') as string });
  }
  const names = execFileSync('unzip', ['-Z1', file], { encoding: 'utf8' }).trim().split('\n');
  expect(names[0]).toBe('README.txt');
  expect(names).toEqual(
    expect.arrayContaining(['document/Договор № 1.pdf', 'signatures/01-Head ours.cms', 'signatures/01-Head ours.lt.cms', 'report/01.json']),
  );
  for (const folderName of ['material/certificates/', 'material/ocsp/', 'material/timestamps/', 'audit/stamp-'])
    expect(names.some((name) => name.startsWith(folderName))).toBe(true);
  const text = execFileSync('unzip', ['-p', file, 'README.txt', 'report/report.txt'], { encoding: 'utf8' });
  for (const words of ['ПАКЕТ ДОКАЗАТЕЛЬСТВ', 'ДӘЛЕЛДЕМЕЛЕР ПАКЕТІ', 'EVIDENCE PACK', 'kense-verify.cjs', 'Подпись действительна'])
    expect(text).toContain(words);
});

test('rows of the log about other things are not told', async () => {
  const id = await signed('quiet');
  await stampLog();
  const file = await download(id, 'quiet.zip');
  const lines = execFileSync('unzip', ['-p', file, 'audit/excerpt.jsonl'], { encoding: 'utf8' }).trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as { row?: unknown[]; content?: string });
  expect(parsed.filter((line) => line.row).every((line) => line.row?.[8] === id)).toBe(true);
  expect(parsed.filter((line) => line.content).length).toBeGreaterThan(0);
  expect(parsed.filter((line) => !line.row).every((line) => Object.keys(line).length === 2)).toBe(true);
});

test('a pack made before the next stamp of the log says that nothing covers its rows yet', async () => {
  const report = await check(await download(await signed('not stamped yet'), 'unstamped.zip'));
  expect(report.audit).toMatchObject({ result: 'whole', stampedRows: 0, stamps: [] });
  expect(report.verdict).toBe('valid');
});

test('without trust in its authority a pack proves nothing', async () => {
  const file = await download(await signed('untrusted'), 'untrusted.zip');
  const ran = spawnSync(process.execPath, [path.join(root, 'dist/kense-verify.cjs'), file], { encoding: 'utf8' });
  expect([ran.status, ran.stdout.includes('chain.not_trusted')]).toEqual([2, true]);
});

const namespaces = spawnSync('unshare', ['-rn', 'true']);
if (namespaces.status !== 0) process.stderr.write('pack.test: network namespaces are not allowed here, the offline check is skipped\n');

(namespaces.status === 0 ? test : test.skip)('the single file checks a pack in an empty network namespace', async () => {
  const file = await download(await signed('offline'), 'offline.zip');
  const alone = path.join(folder, 'alone');
  execFileSync('mkdir', [alone]);
  copyFileSync(path.join(root, 'dist/kense-verify.cjs'), path.join(alone, 'kense-verify.cjs'));
  copyFileSync(app.config.trustFiles[0] ?? '', path.join(alone, 'ca.pem'));
  copyFileSync(file, path.join(alone, 'pack.zip'));
  const command = [process.execPath, 'kense-verify.cjs', '--offline', '--trust', 'ca.pem', '--', 'pack.zip'];
  const ran = spawnSync('unshare', ['-rn', ...command], { cwd: alone, encoding: 'utf8', env: {} });
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toContain('VALID, evidence pack, signatures: 1');
  expect(ran.status).toBe(0);
});

test('whatever is changed in a pack is found', async () => {
  const file = await download(await signed('changed'), 'whole.zip');
  const names = execFileSync('unzip', ['-Z1', file], { encoding: 'utf8', env: utf8 }).trim().split('\n');
  const pieces = names.map((name) => ({ name, bytes: execFileSync('unzip', ['-p', file, name], { env: utf8 }) }));
  const change = async (name: string, edit: (bytes: Buffer) => Buffer): Promise<PackReport> => {
    const changed = path.join(folder, 'changed.zip');
    writeFileSync(changed, makeZip(pieces.map((piece) => (piece.name === name ? { name, bytes: edit(piece.bytes) } : piece))));
    return check(changed);
  };
  const flip = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1]! ^= 1;
    return copy;
  };
  const document = 'document/Договор № 1.pdf';
  expect(await change(document, flip)).toMatchObject({ verdict: 'invalid', files: { changed: [document] } });
  const swapped = await change('audit/excerpt.jsonl', (bytes) => Buffer.from(bytes.toString('utf8').replace('Lawyer', 'Liar')));
  expect(swapped).toMatchObject({ verdict: 'invalid', audit: { result: 'changed' } });
  expect(swapped.audit?.faults[0]).toMatch(/row \d+ was changed/);
});

test('only members who see the document take its pack away', async () => {
  const id = await signed('private');
  const stranger = await app.signedIn(app.theirs.people.admin);
  expect((await stranger.get(`/documents/${id}/download/pack.zip`)).status).toBe(404);
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  const unsent = await app.draft(lawyer, aPdf('unsigned'));
  expect((await lawyer.get(`/documents/${unsent}/download/pack.zip`)).status).toBe(409);
});
