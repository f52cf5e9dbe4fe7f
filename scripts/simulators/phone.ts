import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { repositoryRoot } from '../launcher/home';
import { openKeyring, type DemoKey, type Keyring, type KeyringFile } from './keyring';
import { isThisComputer, PhoneApplication, PhoneError, type Data, type Misdeed, type Offer } from './phone/application';
import { documentsPage, gonePage, offerPage, outcomePage, scanPage } from './phone/page';
import { asProgram, listenLocally } from '../program';

// A telephone with eGov Mobile and eGov Business for the demonstration: what its applications do over the network, its screen as pages.
//   GET  /?link=TEXT                       reads a code or a link and asks API No. 1
//   POST /visits/ID/documents  key         asks API No. 2 as this person
//   GET  /visits/ID/documents/N            one document as it came
//   POST /visits/ID/sign       key, misdeed, stamp, do=sign|decline
//   POST /visits/ID/again                  sends the same answer once more

const maximumBytes = 64 * 1024;
const visitsKept = 50;

type Visit = { offer: Offer; data: Data | null; sent: Data | null };

const assets: Record<string, string> = {
  '/tokens.css': 'views/assets/css/tokens.css',
  '/window.css': 'scripts/simulators/ncalayer/window.css',
  '/phone.css': 'scripts/simulators/phone/phone.css',
};
const csp = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

async function formOf(request: http.IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const piece of request) {
    text += (piece as Buffer).toString('utf8');
    if (text.length > maximumBytes) throw new Error('The form is too large');
  }
  return new URLSearchParams(text);
}

const isOwn = ({ headers: { origin, host } }: http.IncomingMessage): boolean => origin === undefined || new URL(origin).host === host;

/** The simulator as an HTTP server that is not listening yet. */
export function createPhone({ keyringFile, now = () => new Date() }: { keyringFile: string; now?: () => Date }): http.Server {
  const keyring: Keyring = openKeyring(JSON.parse(fs.readFileSync(keyringFile, 'utf8')) as KeyringFile);
  const visits = new Map<string, Visit>();
  const application = (isStamping: boolean): PhoneApplication =>
    new PhoneApplication({ isKnownHost: isThisComputer, now, ...(isStamping ? { timeStamping: keyring.timeStamping } : {}) });
  const keyOf = (form: URLSearchParams): DemoKey | undefined => keyring.keys.find(({ id }) => id === form.get('key'));
  const remember = (visit: Visit): string => {
    const id = randomUUID();
    visits.set(id, visit);
    for (const oldest of [...visits.keys()].slice(0, -visitsKept)) visits.delete(oldest);
    return id;
  };
  const send = async (id: string, visit: Visit, data: Data, times = 1): Promise<string> => {
    visit.sent = data;
    try {
      let status = 0;
      for (let i = 0; i < times; i++) status = await application(false).put(visit.offer, data);
      return outcomePage(id, { kind: 'accepted', status });
    } catch (error) {
      if (!(error instanceof PhoneError)) throw error;
      return outcomePage(id, { kind: 'refused', status: error.status, message: error.message });
    }
  };

  const start = async (link: string): Promise<string> => {
    if (link.trim() === '') return scanPage('', null);
    const offer = await application(false).open(link);
    return offerPage(remember({ offer, data: null, sent: null }), offer, keyring, now());
  };

  const act = async (id: string, what: string, form: URLSearchParams): Promise<string> => {
    const visit = visits.get(id);
    const key = keyOf(form);
    if (!visit) return gonePage();
    if (what === 'again') return visit.sent ? send(id, visit, visit.sent) : gonePage();
    if (!key) return gonePage();
    if (what === 'documents') {
      visit.data = await application(false).fetchDocuments(visit.offer, key);
      return documentsPage(id, visit.data, keyring, now(), key.id);
    }
    if (!visit.data) return gonePage();
    if (form.get('do') === 'decline') return outcomePage(id, { kind: 'declined' });
    const misdeed = form.get('misdeed') ?? '';
    const wrong = (['other-document', 'tampered'] as const).find((each): each is Misdeed => each === misdeed);
    return send(id, visit, application(form.get('stamp') === 'yes').sign(visit.data, key, wrong), misdeed === 'repeat' ? 2 : 1);
  };

  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
    const answer = (status: number, type: string, content: string | Buffer): void =>
      void response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': csp, 'Cache-Control': 'no-store' }).end(content);
    const html = (content: string, status = 200): void => answer(status, 'text/html; charset=utf-8', content);
    if (request.method !== 'GET' && !isOwn(request)) return answer(403, 'text/plain', 'Another site may not use this phone');
    const asset = assets[pathname];
    if (asset) return answer(200, 'text/css; charset=utf-8', fs.readFileSync(path.join(repositoryRoot(), asset)));
    const [, viewed, number] = /^\/visits\/([\w-]+)\/documents\/(\w+)$/.exec(pathname) ?? [];
    const [, id, what] = /^\/visits\/([\w-]+)\/(documents|sign|again)$/.exec(pathname) ?? [];
    try {
      if (request.method === 'GET' && pathname === '/') return html(await start(searchParams.get('link') ?? ''));
      if (request.method === 'GET' && viewed !== undefined) {
        const entry = visits.get(viewed)?.data?.documentsToSign.find((each) => String(each.id) === number);
        if (!entry?.document) return html(gonePage(), 404);
        const type = entry.document.file.mime === '@file/pdf' ? 'application/pdf' : 'application/octet-stream';
        return answer(200, type, Buffer.from(entry.document.file.data, 'base64'));
      }
      if (request.method === 'POST' && id !== undefined && what !== undefined) return html(await act(id, what, await formOf(request)));
      return answer(404, 'text/plain', 'Not found');
    } catch (error) {
      return html(scanPage(searchParams.get('link') ?? '', (error as Error).message));
    }
  };

  return http.createServer((request, response) => {
    serve(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });
}

/** Runs the simulator until SIGTERM: phone KEYRING PORT. */
async function main([keyringFile, port]: string[]): Promise<void> {
  const server = createPhone({ keyringFile: keyringFile! });
  await listenLocally(server, Number(port));
}

asProgram(module, main);
