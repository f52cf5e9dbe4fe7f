/** A signed-in person's browser, as small as it can be: cookies and the form token. */
export class WebClient {
  private readonly cookies = new Map<string, string>();
  private csrf = '';

  constructor(private readonly url: string) {}

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

  private async get(path: string): Promise<void> {
    await this.ask(path, { method: 'GET' });
  }

  private post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    return this.ask(path, { method: 'POST', body: new URLSearchParams({ _csrf: this.csrf, ...fields }), headers });
  }

  private async ask(path: string, init: { method: string; body?: URLSearchParams; headers?: Record<string, string> }): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, this.url), { ...init, headers: { ...init.headers, cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2);
      this.cookies.set(name, value);
    }
    const token = /"X-CSRF-Token":"([^"]+)"/.exec(await response.text())?.[1];
    if (token) this.csrf = token;
    return response;
  }
}
