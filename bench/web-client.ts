/** A signed-in person's browser, as small as it can be: cookies and the form token. */
export class WebClient {
  private readonly cookies = new Map<string, string>();
  private csrf = '';

  /** `headers` go with every request. */
  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  async signIn(login: string, password: string): Promise<void> {
    await this.get('/sign-in');
    await this.post('/sign-in', { login, password });
    await this.get('/settings/sessions');
  }

  /** Posts a form as htmx does; throws when it is refused or its outcome is not known. */
  async command(path: string, fields: Record<string, string>): Promise<void> {
    const { status } = await this.post(path, fields, { 'HX-Request': 'true' });
    if (status !== 200) throw new Error(`POST ${path} answered ${status}`);
  }

  /** Posts JSON and returns the JSON of the answer; throws when it is refused. */
  async json<Answer>(path: string, body: unknown): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': this.csrf };
    const { status, text } = await this.ask(path, { method: 'POST', body: JSON.stringify(body), headers });
    if (status !== 200) throw new Error(`POST ${path} answered ${status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as Answer;
  }

  /** Posts a form that leads to another page; throws when it does not. */
  async go(path: string, fields: readonly (readonly [string, string])[]): Promise<void> {
    const body = new URLSearchParams([['_csrf', this.csrf], ...fields.map(([name, value]): [string, string] => [name, value])]);
    const { status, text } = await this.ask(path, { method: 'POST', body });
    if (status !== 303) throw new Error(`POST ${path} answered ${status}: ${text.slice(0, 300)}`);
  }

  private async get(path: string): Promise<void> {
    await this.ask(path, { method: 'GET' });
  }

  private post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<{ status: number }> {
    return this.ask(path, { method: 'POST', body: new URLSearchParams({ _csrf: this.csrf, ...fields }), headers });
  }

  /** Posts a form with files, the token of its page before them. */
  async upload(
    path: string,
    fields: Record<string, string>,
    files: readonly { field: string; name: string; bytes: Uint8Array<ArrayBuffer> }[],
  ): Promise<{ status: number; text: string; location: string }> {
    const body = new FormData();
    for (const [name, value] of Object.entries({ _csrf: this.csrf, ...fields })) body.append(name, value);
    for (const { field, name, bytes } of files) body.append(field, new Blob([bytes]), name);
    return this.ask(path, { method: 'POST', body });
  }

  async ask(
    path: string,
    init: { method: string; body?: URLSearchParams | FormData | string; headers?: Record<string, string> },
  ): Promise<{ status: number; text: string; location: string; headers: Headers }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, this.url), {
      ...init,
      headers: { ...this.headers, ...init.headers, cookie },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2);
      this.cookies.set(name, value);
    }
    const text = await response.text();
    const token = /"X-CSRF-Token":"([^"]+)"/.exec(text)?.[1];
    if (token) this.csrf = token;
    return { status: response.status, text, location: response.headers.get('location') ?? '', headers: response.headers };
  }
}
