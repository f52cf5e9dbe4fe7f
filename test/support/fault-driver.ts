import { setTimeout as sleep } from 'node:timers/promises';
import { aPdf } from './application';
import { signDetached, type TestKey } from './authority';
import { Browser, type Answer } from './browser';

/** Pauses between tries of the same thing, milliseconds; the longest is near the deadline a page gives a command. */
const firstPauseMs = 200;
const longestPauseMs = 2_000;
/** A person gives up when nothing has been known for this long. Milliseconds. */
const patienceMs = 90_000;

/** One command as a person experienced it: `done` when the application said so, `refused` when it answered with a refusal. */
export type Told = { command: string; document: string; kind: string; outcome: 'done' | 'refused'; status: number; tries: number };

/** Answers after which nobody knows: still working, too many at once, an outage. */
const isUnknown = (answer: Answer): boolean => answer.status === 202 || answer.status === 429 || answer.status >= 500;

/** Asks again and again, with growing pauses, until an answer comes that says something. */
async function stubbornly(what: string, ask: () => Promise<Answer>): Promise<{ answer: Answer; tries: number }> {
  const deadline = Date.now() + patienceMs;
  let last = '';
  for (let tries = 1, pauseMs = firstPauseMs; ; tries++, pauseMs = Math.min(pauseMs * 1.6, longestPauseMs)) {
    try {
      const answer = await ask();
      if (!isUnknown(answer)) return { answer, tries };
      last = String(answer.status);
    } catch (error) {
      last = String((error as { cause?: Error }).cause ?? error); // the connection broke: nobody knows what became of it
    }
    if (Date.now() > deadline) throw new Error(`${what}: no outcome within ${patienceMs / 1000} s, the last try gave ${last}`);
    await sleep(pauseMs);
  }
}

/** A person of the fault test with a browser that never gives up and a key. */
export class StubbornPerson {
  private readonly browser: Browser;
  /** Every command this person sent, with what they were told. */
  readonly told: Told[] = [];

  constructor(
    url: string,
    readonly id: string,
    readonly login: string,
    private readonly key: TestKey,
  ) {
    this.browser = new Browser(url);
  }

  async signIn(password: string): Promise<void> {
    await this.browser.get('/sign-in');
    const { status } = await this.browser.post('/sign-in', { login: this.login, password });
    if (status !== 303) throw new Error(`${this.login} could not sign in: ${status}`);
    await this.browser.get('/settings/sessions');
  }

  /** Uploads a PDF; returns the document's id. */
  async upload(command: string, text: string): Promise<string> {
    const files = [{ name: `${text}.pdf`, bytes: aPdf(text) }];
    const { answer } = await stubbornly('upload', () => this.browser.upload('/uploads', { command }, files));
    const id = /\/documents\/([0-9A-Z]{26})\/edit/.exec(answer.location)?.[1];
    if (!id) throw new Error(`no draft: ${answer.status} ${answer.text.slice(0, 300)}`);
    return id;
  }

  /** Sends a draft along these stages. */
  async send(document: string, stages: readonly { kind: string; rule: string; people: readonly StubbornPerson[] }[]): Promise<Told> {
    const address = `/documents/${document}/edit`;
    const page = await this.page(address);
    const fields = Object.fromEntries(Object.entries(page.fields(address)).filter(([name]) => !name.startsWith('stage.')));
    for (const [i, stage] of stages.entries()) {
      Object.assign(fields, { [`stage.${i}.kind`]: stage.kind, [`stage.${i}.rule`]: stage.rule, [`stage.${i}.due`]: '' });
      stage.people.forEach((person, k) => (fields[`stage.${i}.person.${k}`] = `user:${person.id}`));
    }
    return this.command(document, 'send', fields['command'] ?? '', () => this.browser.post(address, { ...fields, do: 'send' }));
  }

  /** Approves, refuses or withdraws with a fresh form; null when the page says that there is nothing to decide any more. */
  async decide(document: string, kind: 'approve' | 'refuse' | 'withdraw'): Promise<Told | null> {
    const address = `/documents/${document}/${kind}`;
    const form = await this.page(address);
    if (form.status !== 200) return null;
    const command = form.value('command');
    const remark = kind === 'approve' ? '' : 'Не согласован бюджет';
    return this.command(document, kind, command, () => this.browser.post(address, { command, remark }));
  }

  /** Signs with the person's key; null when the page says that there is nothing to sign any more. */
  async sign(document: string): Promise<Told | null> {
    const dialog = await this.page(`/documents/${document}/sign`);
    const address = /data-post-url="([^"]+)"/.exec(dialog.text)?.[1];
    const command = /data-command="([^"]+)"/.exec(dialog.text)?.[1];
    if (dialog.status !== 200 || !address || !command) return null;
    const cms = signDetached(this.key, (await this.page(`/documents/${document}/original`)).bytes);
    return this.command(document, 'sign', command, () => this.browser.post(address, { command, cms }, { htmx: true }));
  }

  private async page(address: string): Promise<Answer> {
    return (await stubbornly(`GET ${address}`, () => this.browser.get(address))).answer;
  }

  private async command(document: string, kind: string, command: string, ask: () => Promise<Answer>): Promise<Told> {
    const { answer, tries } = await stubbornly(`${kind} ${command}`, ask);
    const { status } = answer;
    if (status === 303 && answer.location.startsWith('/sign-in')) throw new Error(`${this.login} was signed out`);
    const told: Told = { command, document, kind, outcome: status < 400 ? 'done' : 'refused', status, tries };
    this.told.push(told);
    return told;
  }
}
