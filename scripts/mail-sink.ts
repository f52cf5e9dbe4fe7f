import http from 'node:http';
import { SMTPServer } from 'smtp-server';
import { listPage, messagePage } from './mail-sink/page';
import { MailStore } from './mail-sink/store';
import { asProgram, listenLocally } from './program';

// A mail server that delivers nothing: it keeps what it is given in a folder and shows it.
//   GET /messages?to=ADDRESS   the mails as JSON, newest first        DELETE /messages   forgets them
//   PUT /control {"refuse": ["a@b.kz"], "down": false}                refuses recipients with 550; "down" closes the SMTP port

interface Control {
  refuse: string[];
  down: boolean;
}

const maximumBytes = 60 * 1024 * 1024;

class MailSink {
  private control: Control = { refuse: [], down: false };
  private smtp: SMTPServer | null = null;

  constructor(
    private readonly store: MailStore,
    private readonly smtpPort: number,
  ) {}

  async apply(change: Partial<Control>): Promise<Control> {
    this.control = {
      refuse: (change.refuse ?? this.control.refuse).map((address) => address.toLowerCase()),
      down: change.down ?? this.control.down,
    };
    if (this.control.down && this.smtp) {
      const closing = this.smtp;
      this.smtp = null;
      await new Promise<void>((resolve) => closing.close(() => resolve()));
    } else if (!this.control.down && !this.smtp) await this.listen();
    return this.control;
  }

  private async listen(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      disabledCommands: ['STARTTLS'],
      size: maximumBytes,
      closeTimeout: 100,
      onRcptTo: ({ address }, _session, done) => {
        if (!this.control.refuse.includes(address.toLowerCase())) return done();
        done(Object.assign(new Error('Mailbox unavailable'), { responseCode: 550 }));
      },
      onData: (stream, session, done) => {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => {
          if (stream.sizeExceeded) return done(Object.assign(new Error('Message too big'), { responseCode: 552 }));
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          done(null, this.store.add(Buffer.concat(pieces), { from, to: rcptTo.map((each) => each.address) }));
        });
      },
    });
    // A client that drops the connection is its own affair.
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') throw error;
    });
    await new Promise<void>((resolve) => server.listen(this.smtpPort, '127.0.0.1', () => resolve()));
    this.smtp = server;
  }
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse, store: MailStore, sink: MailSink): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sink');
  const send = (status: number, type: string, content: string | Buffer) => {
    const csp =
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'self'; frame-ancestors 'self'";
    response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': csp, 'X-Content-Type-Options': 'nosniff' });
    response.end(content);
  };
  const html = (content: string) => send(200, 'text/html; charset=utf-8', content);
  const json = (value: unknown) => send(200, 'application/json; charset=utf-8', JSON.stringify(value));
  const to = url.searchParams.get('to') || undefined;
  if (request.method === 'PUT' && url.pathname === '/control')
    return json(await sink.apply(JSON.parse(await bodyOf(request)) as Partial<Control>));
  if (request.method === 'DELETE' && url.pathname === '/messages') {
    store.clear();
    return json([]);
  }
  if (request.method !== 'GET') return send(405, 'text/plain', 'GET, PUT /control, DELETE /messages');
  if (url.pathname === '/') return html(listPage(store.list(to), to ?? ''));
  if (url.pathname === '/messages') return json(store.list(to));
  const [, id, view] = /^\/mail\/(\d+)(?:\/(html|raw))?$/.exec(url.pathname) ?? [];
  const message = id === undefined ? null : store.read(id);
  if (!message) return send(404, 'text/plain', 'Not found');
  if (view === 'raw') return send(200, 'text/plain; charset=utf-8', store.raw(message.id)!);
  return html(view === 'html' ? message.html : messagePage(message));
}

/** Runs the sink until SIGTERM: mail-sink FOLDER SMTP-PORT HTTP-PORT. */
async function main([folder, smtpPort, httpPort]: string[]): Promise<void> {
  const store = new MailStore(folder!);
  const sink = new MailSink(store, Number(smtpPort));
  await sink.apply({});
  const server = http.createServer((request, response) => {
    answer(request, response, store, sink).catch((error: Error) => response.writeHead(400).end(error.message));
  });
  await listenLocally(server, Number(httpPort));
}

asProgram(module, main);
