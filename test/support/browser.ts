import { parse, type DefaultTreeAdapterTypes } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** One answer with its page parsed by the rules of HTML. */
export class Answer {
  private tree: Node | null = null;
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly bytes: Buffer,
  ) {}
  get text(): string {
    return this.bytes.toString('utf8');
  }
  get location(): string {
    return this.headers.get('location') ?? this.headers.get('hx-redirect') ?? '';
  }
  /** Elements for which the test holds, in document order. */
  all(test: (element: Element) => boolean): Element[] {
    const found: Element[] = [];
    const walk = (node: Node): void => {
      if ('tagName' in node && test(node)) found.push(node);
      if ('childNodes' in node) node.childNodes.forEach(walk);
    };
    walk((this.tree ??= parse(this.text)));
    return found;
  }
  /** The value of the first field with this name. */
  value(name: string): string {
    const field = this.all((e) => attribute(e, 'name') === name)[0];
    if (!field) throw new Error(`no field ${name} in the answer (${this.status}): ${this.text.slice(0, 400)}`);
    return attribute(field, 'value') ?? '';
  }
  /** The fields of a form, as a browser would post them. */
  fields(action: string): Record<string, string> {
    const form = this.all((e) => e.tagName === 'form' && attribute(e, 'action') === action)[0];
    if (!form) throw new Error(`no form ${action} in the answer (${this.status})`);
    const fields: Record<string, string> = {};
    const walk = (node: Node): void => {
      if ('tagName' in node) {
        const name = attribute(node, 'name');
        if (name && node.tagName === 'input' && !['submit', 'file', 'checkbox', 'radio'].includes(attribute(node, 'type') ?? ''))
          fields[name] = attribute(node, 'value') ?? '';
        if (name && node.tagName === 'textarea') fields[name] = textOf(node);
        if (name && node.tagName === 'select') fields[name] = selected(node);
      }
      if ('childNodes' in node) node.childNodes.forEach(walk);
    };
    walk(form);
    return fields;
  }
}

export const attribute = (element: Element, name: string): string | undefined => element.attrs.find((a) => a.name === name)?.value;
export const textOf = (node: Node): string =>
  'value' in node ? String(node.value) : 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
function selected(select: Element): string {
  const options: Element[] = [];
  const walk = (node: Node): void => {
    if ('tagName' in node && node.tagName === 'option') options.push(node);
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(select);
  const chosen = options.find((o) => attribute(o, 'selected') !== undefined) ?? options[0];
  return chosen ? (attribute(chosen, 'value') ?? textOf(chosen)) : '';
}

export type Asked = { htmx?: boolean; headers?: Record<string, string> };

/** A browser without script: keeps cookies, follows nothing by itself. */
export class Browser {
  private readonly cookies = new Map<string, string>();
  /** Token of the last page seen. */
  csrf = '';
  constructor(readonly url: string) {}

  async get(path: string, asked: Asked = {}): Promise<Answer> {
    return this.send(path, { method: 'GET' }, asked);
  }
  /** Posts a form; `_csrf` is added unless given. */
  async post(path: string, fields: Record<string, string>, asked: Asked = {}): Promise<Answer> {
    const body = new URLSearchParams({ _csrf: this.csrf, ...fields });
    return this.send(path, { method: 'POST', body }, asked);
  }
  /** Posts a body as it is, with the token of the last page in its header. */
  async postBody(path: string, body: string | URLSearchParams, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { method: 'POST', body }, { headers: { 'X-CSRF-Token': this.csrf, ...headers } });
  }
  async upload(
    path: string,
    fields: Record<string, string>,
    files: { field?: string; name: string; bytes: Uint8Array }[],
    asked: Asked = {},
  ): Promise<Answer> {
    const body = new FormData();
    for (const [name, value] of Object.entries({ _csrf: this.csrf, ...fields })) body.append(name, value);
    for (const file of files) body.append(file.field ?? 'file', new Blob([Buffer.from(file.bytes)]), file.name);
    return this.send(path, { method: 'POST', body }, asked);
  }

  private async send(path: string, init: RequestInit, asked: Asked): Promise<Answer> {
    const headers: Record<string, string> = { cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; '), ...asked.headers };
    if (asked.htmx) headers['HX-Request'] = 'true';
    const response = await fetch(new URL(path, this.url), { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      if (/expires=thu, 01 jan 1970/i.test(cookie)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const answer = new Answer(response.status, response.headers, Buffer.from(await response.arrayBuffer()));
    const token = /"X-CSRF-Token":"([^"]+)"/.exec(answer.text)?.[1];
    if (token) this.csrf = token;
    return answer;
  }
  cookie(name: string): string | undefined {
    return this.cookies.get(name);
  }
}
