import type { Page } from 'playwright-core';
import { untilIn } from './chromium';
import type { demoPerson } from './demo-people';

type Person = ReturnType<typeof demoPerson>;
export interface StageWish {
  kind: 'approve' | 'sign';
  rule?: 'all' | 'any';
  /** Surnames typed into the search of colleagues. */
  people: string[];
}

/** Signs in by the form of the page. */
export async function signIn(page: Page, url: string, person: Person): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.fill('#login', person.login);
  await page.fill('#password', person.password);
  await page.keyboard.press('Enter');
  await page.waitForURL((at) => at.pathname !== '/sign-in');
}

/** Chooses files with the picker of the page of new documents; resolves when each has its row. */
export async function upload(page: Page, url: string, files: { name: string; bytes: Uint8Array }[]): Promise<void> {
  await page.goto(`${url}/documents/new`);
  await page.waitForSelector('[data-drop-text]:not([hidden])');
  await page.setInputFiles(
    '#file',
    files.map(({ name, bytes }) => ({ name, mimeType: 'application/pdf', buffer: Buffer.from(bytes) })),
  );
  await untilUploaded(page, files.length);
}

/** Drops files from the desktop onto the page of new documents. */
export async function drop(page: Page, files: { name: string; bytes: Uint8Array }[], rows: number): Promise<void> {
  const list = JSON.stringify(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]));
  const dataTransfer = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    for (const [name, base64] of ${list}) {
      data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type: 'application/pdf' }));
    }
    return data;
  })()`);
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('[data-drop]', type, { dataTransfer });
  await untilUploaded(page, rows);
}

const untilUploaded = (page: Page, rows: number): Promise<boolean> =>
  untilIn(page, `document.querySelectorAll('.filelist > li[data-state="done"]').length === ${rows}`);

/** Opens the draft made of a file. */
export async function openDraft(page: Page, fileName: string): Promise<void> {
  await page.locator('.filelist > li', { hasText: fileName }).locator('a.btn').click();
  await page.waitForSelector('#editor');
}

/** Lays out the stages of the open draft, with the keyboard where a person would use it. */
export async function layStages(page: Page, stages: readonly StageWish[]): Promise<void> {
  for (const [index, stage] of stages.entries()) {
    // A fresh draft has its first stage already.
    if ((await page.locator(`#stage-${index}-kind`).count()) === 0) await page.click('#add-stage');
    await page.waitForSelector(`#stage-${index}-kind`);
    await page.selectOption(`#stage-${index}-kind`, stage.kind);
    if (stage.rule) await page.selectOption(`#stage-${index}-rule`, stage.rule);
    for (const [place, surname] of stage.people.entries()) {
      await page.focus(`#stage-${index}-search`);
      await page.keyboard.type(surname.toLowerCase());
      await page.waitForSelector(`#stage-${index}-found .suggest-item:not([disabled])`);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForSelector(`#stage-${index}-person-${place}`);
    }
  }
}

/** Sends the open draft; returns the path of the document. */
export async function send(page: Page): Promise<string> {
  await page.click('#editor [data-primary]');
  await page.waitForSelector('#document-route, #editor-errors');
  const errors = page.locator('#editor-errors');
  if ((await errors.count()) > 0) throw new Error(`the draft was not sent: ${await errors.innerText()}`);
  return new URL(page.url()).pathname;
}

/** Uploads a file and sends it along these stages; returns the path of the document. */
export async function sendDocument(
  page: Page,
  url: string,
  file: { name: string; bytes: Uint8Array },
  stages: readonly StageWish[],
): Promise<string> {
  await upload(page, url, [file]);
  await openDraft(page, file.name);
  await layStages(page, stages);
  return send(page);
}

/** Opens the signing dialog of the open document and waits until NCALayer has greeted. */
export async function openSigning(page: Page): Promise<void> {
  await page.click('#do-sign');
  await page.waitForSelector('dialog:modal [data-sign]');
  await signState(page, 'ready');
}

/** Waits for a state of the signing dialog. */
export const signState = (page: Page, state: string) => page.waitForSelector(`[data-sign][data-state="${state}"]`);

/** A draft of one stage for one person outside the organisation, not sent yet. */
export async function draftForOutside(
  page: Page,
  url: string,
  file: { name: string; bytes: Uint8Array },
  person: { email: string; fullName: string; iin: string },
): Promise<void> {
  await page.goto(`${url}/documents/new`);
  await page.setInputFiles('#file', [{ name: file.name, mimeType: 'application/pdf', buffer: Buffer.from(file.bytes) }]);
  await page.click('.filelist > li[data-state="done"] a.btn');
  await page.click('#stage-0-outside');
  await page.fill('[name="stage.0.outside.email"]', person.email);
  await page.fill('[name="stage.0.outside.name"]', person.fullName);
  await page.fill('[name="stage.0.outside.iin"]', person.iin);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#stage-0-person-0');
}
