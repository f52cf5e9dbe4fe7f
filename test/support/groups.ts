import type { OutcomesJson } from '../../server/groups/pages';
import type { ChunkJson } from '../../services/groups/chunk';
import { aPdf, type TestApplication, type TestPerson } from './application';
import { signDetached, type TestKey } from './authority';
import type { Browser } from './browser';

/** Switches group signing on, as an administrator does. */
export async function allowGroups(app: TestApplication, admin: Browser): Promise<void> {
  const answer = await admin.post('/settings/modules/group_signing', { command: app.deps.newId(), on: 'yes' });
  if (answer.status !== 303) throw new Error(`the module was not switched on: ${answer.status}`);
}

export type SentDocument = { id: string; bytes: Uint8Array };

/** Documents sent by `from` to `to`, one stage each. */
export async function sendMany(
  app: TestApplication,
  from: Browser,
  to: TestPerson,
  count: number,
  kind: 'sign' | 'approve' = 'sign',
  title = 'Group',
): Promise<SentDocument[]> {
  const sent: SentDocument[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = aPdf(`${title} ${i} ${Math.random()}`);
    const id = await app.draft(from, bytes, `${title} ${i}.pdf`);
    const answer = await app.send(from, id, [{ kind, people: [to] }]);
    if (answer.status !== 303) throw new Error(`not sent: ${answer.status} ${answer.text.slice(0, 200)}`);
    sent.push({ id, bytes });
  }
  return sent;
}

/** A browser's part of a group, without a browser: posts what the page's script would. */
export class GroupClient {
  constructor(
    private readonly app: TestApplication,
    readonly browser: Browser,
    readonly id: string,
  ) {}

  static async choose(app: TestApplication, browser: Browser, ids: readonly string[], purpose: 'answer' | 'refuse' = 'answer') {
    const id = app.deps.newId();
    const body = new URLSearchParams({ _csrf: browser.csrf, command: id, do: purpose });
    for (const one of ids) body.append('id', one);
    const answer = await browser.postBody('/groups', body);
    return { answer, group: new GroupClient(app, browser, id) };
  }

  get base(): string {
    return `/groups/${this.id}`;
  }
  start(fields: Record<string, string> = {}) {
    return this.browser.post(`${this.base}/start`, { command: this.app.deps.newId(), ...fields });
  }
  async next(max = ''): Promise<ChunkJson> {
    const answer = await this.browser.post(`${this.base}/next`, { max });
    if (answer.status !== 200) throw new Error(`no chunk: ${answer.status} ${answer.text.slice(0, 300)}`);
    return JSON.parse(answer.text) as ChunkJson;
  }
  async cmsOf(chunk: ChunkJson, key: (index: number) => TestKey): Promise<string[]> {
    return Promise.all(
      chunk.items.map(async (item, i) =>
        signDetached(key(i), (await this.browser.get(item.documentUrl.replace('/file', '/original'))).bytes),
      ),
    );
  }
  async give(body: { items: string[]; signatures: string[]; isPartial?: boolean; unread?: unknown[] }): Promise<OutcomesJson> {
    const answer = await this.browser.postBody(`${this.base}/signatures`, JSON.stringify(body), { 'Content-Type': 'application/json' });
    if (answer.status !== 200) throw new Error(`not taken: ${answer.status} ${answer.text.slice(0, 300)}`);
    return JSON.parse(answer.text) as OutcomesJson;
  }
}
