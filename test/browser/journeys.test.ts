import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { aPdf, type TestApplication } from '../support/application';
import { barriers, Chromium, downloaded, focused } from '../support/chromium';
import { demoPerson, demoTrustFile, startDemoApplication } from '../support/demo-people';
import { chooseInWindow, ncalayerWindow, planKeys } from '../support/ncalayer';
import { readSignedPdf } from '../support/signed-pdf';
import { drop, layStages, openDraft, openSigning, send, signIn, signState, upload } from '../support/steps';

// One document after another from a person's first page to files an outsider can check, in Chromium, on the run's real servers.
let app: TestApplication;
let chromium: Chromium;
const marina = demoPerson('marina.kim');
const yerlan = demoPerson('yerlan.kassymov');
const saule = demoPerson('saule.omarova');
const aidar = demoPerson('aidar.nurlanov');
let initiator: Page;
let accountant: Page;
let clerk: Page;
let head: Page;
const files = {
  contract: { name: 'Договор 118.pdf', bytes: aPdf('Contract 118') },
  act: { name: 'Акт 42.pdf', bytes: aPdf('Act 42') },
  order: { name: 'Приказ 57.pdf', bytes: aPdf('Order 57') },
};
const paths = { contract: '', act: '', order: '' };
let folder: string;

beforeAll(async () => {
  app = await startDemoApplication();
  chromium = await Chromium.start([app.url, ncalayerWindow()]);
  [initiator, accountant, clerk, head] = (await Promise.all([1, 2, 3, 4].map(() => chromium.window()))) as [Page, Page, Page, Page];
  folder = mkdtempSync(path.join(tmpdir(), 'kense-journey-'));
});
afterAll(async () => {
  await chromium.closeWindows();
  await chromium.stop();
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => expect(chromium.takeTroubles()).toEqual([]));

test('people of the directory sign in; a wrong password is told and the name stays', async () => {
  await initiator.goto(app.url);
  expect(new URL(initiator.url()).pathname).toBe('/sign-in');
  expect(await barriers(initiator)).toEqual([]);
  await initiator.fill('#login', marina.login);
  await initiator.fill('#password', 'not her password');
  await initiator.keyboard.press('Enter');
  await initiator.waitForSelector('.errors');
  expect(await initiator.inputValue('#login')).toBe(marina.login);
  expect(await initiator.evaluate('document.activeElement.id')).toBe('password');
  expect(chromium.takeTroubles()).toEqual(['422 /sign-in']);
  await initiator.fill('#password', marina.password);
  await initiator.keyboard.press('Enter');
  await initiator.waitForSelector('.top-org');
  expect(await initiator.textContent('.top-org')).toContain(marina.fullName);
  await Promise.all([signIn(accountant, app.url, yerlan), signIn(clerk, app.url, saule), signIn(head, app.url, aidar)]);
  await head.goto(`${app.url}/to-sign`);
  expect(await head.textContent('.empty')).toContain('Подписывать нечего');
  expect(await barriers(head)).toEqual([]);
});

test('files come by the picker and by drag and drop, each a draft', async () => {
  await upload(initiator, app.url, [files.contract, files.order]);
  await drop(initiator, [files.act], 3);
  expect(await initiator.textContent('[data-uploads-total]')).toBe('Загружено 3 из 3');
  expect(await barriers(initiator)).toEqual([]);
});

test('a route of two stages with three people is laid out and sent', async () => {
  await openDraft(initiator, files.contract.name);
  await initiator.fill('#title', 'Договор поставки № 118/25');
  await initiator.selectOption('#kind', 'contract');
  await layStages(initiator, [
    { kind: 'approve', people: ['Қасымов', 'Омарова'] },
    { kind: 'sign', people: ['Нұрланов'] },
  ]);
  expect(await initiator.textContent('#plan')).toContain('Сейчас спросим');
  expect(await barriers(initiator)).toEqual([]);
  paths.contract = await send(initiator);
  expect(await initiator.textContent('#document-head')).toContain('На подписании');
  expect(await barriers(initiator)).toEqual([]);
  for (const [name, stages] of [
    ['act', [{ kind: 'sign', people: ['Нұрланов'] }]],
    ['order', [{ kind: 'approve', people: ['Қасымов'] }]],
  ] as const) {
    await initiator.goto(`${app.url}/documents`);
    await initiator.click(`a[data-row-link]:has-text("${files[name].name.replace('.pdf', '')}")`);
    await initiator.waitForSelector('#editor');
    await layStages(
      initiator,
      stages.map((stage) => ({ ...stage, people: [...stage.people] })),
    );
    paths[name] = await send(initiator);
  }
});

test('both approve, each from the list; the page of the initiator follows by itself', async () => {
  for (const page of [accountant, clerk]) {
    await page.goto(`${app.url}/to-sign`);
    expect(await barriers(page)).toEqual([]);
    await page.click('a[data-row-link]:has-text("118/25")');
    await page.click('#do-approve');
    await page.waitForSelector('dialog:modal');
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('#flash .note--ok');
    await page.waitForSelector('#do-approve', { state: 'detached' });
  }
  await initiator.goto(app.url + paths.contract);
  await initiator.waitForSelector('#document-route .route-stage:nth-child(2)[data-state="to-sign"]');
});

test('the head signs with a GOST key; the document is signed for everybody', async () => {
  await head.goto(`${app.url}/to-sign`);
  await head.click('a[data-row-link]:has-text("118/25")');
  await planKeys({ do: 'choose', key: `${aidar.login}-organisation`, iin: aidar.iin });
  await openSigning(head);
  expect(await barriers(head)).toEqual([]);
  const opened = head.waitForEvent('popup');
  await head.click('[data-sign-do="sign"]');
  await (await opened).close();
  await signState(head, 'answer');
  expect(await head.textContent('[data-sign-answer]')).toContain('Подпись принята и действительна');
  expect(await focused(head)).toBe('К документу');
  await head.keyboard.press('Enter');
  await head.waitForSelector('dialog', { state: 'detached' });
  await head.waitForSelector('#document-head .state[data-state="signed"]');
  expect(await head.textContent('#document-route')).toContain('Подпись действительна');
  expect(await barriers(head)).toEqual([]);
  // The initiator's page was open all the while.
  await initiator.waitForSelector('#document-head .state[data-state="signed"]');
});

test('the next one is signed with an RSA key, chosen in the window of NCALayer', async () => {
  await head.goto(app.url + paths.act);
  await openSigning(head);
  const opened = head.waitForEvent('popup');
  await head.click('[data-sign-do="sign"]');
  const popup = await opened;
  await signState(head, 'waiting');
  await popup.bringToFront();
  await chooseInWindow(popup, aidar.iin, `${aidar.login}-rsa`);
  await signState(head, 'answer');
  expect(await head.textContent('[data-sign-answer]')).toContain('Подпись принята и действительна');
  await popup.close();
});

test('a refusal wants its reason and closes the route; the initiator reads it', async () => {
  await accountant.goto(app.url + paths.order);
  await accountant.click('#do-refuse');
  await accountant.waitForSelector('dialog:modal textarea');
  await accountant.keyboard.press('Control+Enter');
  await accountant.waitForSelector('dialog:modal textarea[aria-invalid="true"]');
  expect(await barriers(accountant)).toEqual([]);
  expect(chromium.takeTroubles()).toEqual(['422 /documents/:id/refuse']);
  await accountant.keyboard.type('Нет подписи <начальника> отдела');
  await accountant.keyboard.press('Control+Enter');
  await accountant.waitForSelector('dialog', { state: 'detached' });
  await initiator.goto(app.url + paths.order);
  expect(await initiator.textContent('.head-note blockquote')).toBe('Нет подписи <начальника> отдела');
  expect(await barriers(initiator)).toEqual([]);
});

describe('what is taken away holds outside of Kense', () => {
  const run = (program: string, ...args: string[]): string => execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  const menu = async (item: string): Promise<void> => {
    await initiator.click('#document-head details.drop:first-child > summary');
    await initiator.click(`#document-head .drop-item:has-text("${item}")`);
  };
  const cmsOf = async (): Promise<Buffer> => {
    await initiator.click('#document-route details.checks summary');
    const link = initiator.locator('#document-route a[href$=".cms"]');
    return (await downloaded(initiator, () => link.click())).bytes;
  };
  const verify = (cms: string, content: string) =>
    JSON.parse(
      run(
        process.execPath,
        path.join(__dirname, '../../bin/kense.js'),
        'verify',
        '--json',
        '--trust',
        demoTrustFile(),
        '--content',
        content,
        cms,
      ),
    ) as { verdict: string; signers: { iin: string; bin: string; name: string; level: string; certificate: { serial?: string } }[] };

  test('GOST: original, CMS and archive agree, and the command of the administrator says valid', async () => {
    await initiator.goto(app.url + paths.contract);
    const original = await downloaded(initiator, () => menu('Оригинал'));
    expect([original.name, original.bytes.equals(Buffer.from(files.contract.bytes))]).toEqual([files.contract.name, true]);
    const cms = await cmsOf();
    writeFileSync(path.join(folder, 'contract.pdf'), original.bytes);
    writeFileSync(path.join(folder, 'contract.cms'), cms);
    expect(verify('contract.cms', 'contract.pdf')).toMatchObject({ verdict: 'valid', signers: [{ iin: aidar.iin, level: 'CAdES-T' }] });

    const zip = await downloaded(initiator, () => menu('Архив'));
    writeFileSync(path.join(folder, 'contract.zip'), zip.bytes);
    run('python3', '-m', 'zipfile', '-e', 'contract.zip', 'unpacked');
    const unpacked = readdirSync(path.join(folder, 'unpacked')).sort();
    expect(unpacked).toHaveLength(2);
    const contents = unpacked.map((name) => readFileSync(path.join(folder, 'unpacked', name)));
    expect(contents.some((bytes) => bytes.equals(original.bytes))).toBe(true);
    expect(contents.some((bytes) => bytes.equals(cms))).toBe(true);
  });

  test('RSA: OpenSSL verifies the CMS up to the authority, and refuses another document', async () => {
    await initiator.goto(app.url + paths.act);
    writeFileSync(path.join(folder, 'act.cms'), await cmsOf());
    writeFileSync(path.join(folder, 'act.pdf'), files.act.bytes);
    const openssl = (content: string): string =>
      run(
        'openssl',
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        'act.cms',
        '-content',
        content,
        '-CAfile',
        demoTrustFile(),
        '-purpose',
        'any',
        '-signer',
        'signer.pem',
        '-out',
        'content',
      );
    openssl('act.pdf');
    const certificate = new X509Certificate(readFileSync(path.join(folder, 'signer.pem')));
    expect(certificate.subject).toContain(aidar.iin);
    expect(readFileSync(path.join(folder, 'content')).equals(Buffer.from(files.act.bytes))).toBe(true);
    writeFileSync(path.join(folder, 'other.pdf'), aPdf('Another'));
    expect(() => openssl('other.pdf')).toThrow(/verification failure|digest/i);
  });

  test('the PDF with signatures says what the page says, carries the original, and its code leads to the check page', async () => {
    await initiator.goto(app.url + paths.contract);
    const pdf = await downloaded(initiator, () => menu('PDF с листом'));
    const { text, attachment, code } = readSignedPdf(pdf.bytes);
    const shown = (await initiator.textContent('#document-route .verdict p:nth-child(2)'))?.split(',')[0] ?? '';
    expect(shown).not.toBe('');
    for (const words of ['Contract 118', shown, aidar.iin, 'Подпись действительна']) expect(text).toContain(words);
    expect(attachment.equals(Buffer.from(files.contract.bytes))).toBe(true);
    // A visitor with nothing but the paper.
    const visitor = await chromium.window({ viewport: { width: 360, height: 780 } });
    await visitor.goto(code.trim());
    expect(await visitor.getAttribute('.verdict--large', 'data-verdict')).toBe('valid');
    expect(await visitor.textContent('.check-facts')).toContain(shown);
    expect(await barriers(visitor)).toEqual([]);
    await visitor.setInputFiles('#file', { name: 'x.pdf', mimeType: 'application/pdf', buffer: Buffer.from(files.contract.bytes) });
    await visitor.click('.check-compare .btn');
    await visitor.waitForSelector('.note--ok:has-text("Файл тот же")');
    await visitor.setInputFiles('#file', { name: 'x.pdf', mimeType: 'application/pdf', buffer: Buffer.from(files.act.bytes) });
    await visitor.click('.check-compare .btn');
    await visitor.waitForSelector('.note--bad:has-text("Это другой файл")');
    expect(await barriers(visitor)).toEqual([]);
  });
});
