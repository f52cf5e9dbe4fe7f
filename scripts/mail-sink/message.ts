/** A mail as a person or a test wants to see it. */
export interface ReadMessage {
  from: string;
  to: string[];
  subject: string;
  date: string;
  text: string;
  html: string;
  /** Every http(s) address in the text and the HTML, once each, in order. */
  links: string[];
  attachments: { name: string; type: string; bytes: number }[];
}

interface Part {
  headers: Map<string, string>;
  body: Buffer;
}

function splitPart(raw: Buffer): Part {
  const crlf = raw.indexOf('\r\n\r\n');
  const lf = raw.indexOf('\n\n');
  const useLf = crlf < 0 || (lf >= 0 && lf < crlf);
  const end = useLf ? lf : crlf;
  const head = (end < 0 ? raw : raw.subarray(0, end)).toString('utf8').replace(/\r?\n[ \t]+/g, ' ');
  const headers = new Map<string, string>();
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end < 0 ? Buffer.alloc(0) : raw.subarray(end + (useLf ? 2 : 4)) };
}

function fromQuotedPrintable(text: string): Buffer {
  const joined = text.replace(/[ \t]+$/gm, '').replace(/=\r?\n/g, '');
  return Buffer.from(
    joined.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

const fromPercent = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

function decodeBody({ headers, body }: Part): Buffer {
  switch ((headers.get('content-transfer-encoding') ?? '').toLowerCase()) {
    case 'base64':
      return Buffer.from(body.toString('latin1'), 'base64');
    case 'quoted-printable':
      return fromQuotedPrintable(body.toString('latin1'));
    default:
      return body;
  }
}

/** RFC 2047 encoded words; blanks between two of them do not count. */
function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([^?]+)\?([bBqQ])\?([^?]*)\?=/g, (_, charset: string, kind: string, text: string) => {
      const bytes = kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : fromQuotedPrintable(text.replaceAll('_', ' '));
      return new TextDecoder(charset).decode(bytes);
    });
}

function parameter(header: string, name: string): string {
  // RFC 2231: name*=utf-8''percent-encoded, possibly cut into name*0*=, name*1= … of which only those with the second star are encoded.
  const pieces = [...header.matchAll(new RegExp(`${name}\\*(?:\\d+)?(\\*?)=([^;]+)`, 'gi'))].map(([whole, , value]) => {
    const text = value!.trim().replace(/^"|"$/g, '');
    return /\*=/.test(whole) ? fromPercent(text.replace(/^[\w-]*'[\w-]*'/, '')) : text;
  });
  // A letter may be cut between two pieces: the octets are joined first.
  if (pieces.length > 0) return Buffer.from(pieces.join(''), 'latin1').toString('utf8');
  const plain = new RegExp(`${name}="?([^";]+)"?`, 'i').exec(header);
  return plain ? decodeWords(plain[1]!) : '';
}

function* leaves(part: Part): Generator<Part> {
  const type = part.headers.get('content-type') ?? 'text/plain';
  const boundary = /^multipart\//i.test(type) ? parameter(type, 'boundary') : '';
  if (!boundary) return void (yield part);
  const text = part.body.toString('latin1');
  for (const piece of text.split(`--${boundary}`).slice(1)) {
    if (piece.startsWith('--')) break;
    yield* leaves(splitPart(Buffer.from(piece.replace(/^\r?\n/, '').replace(/\r?\n$/, ''), 'latin1')));
  }
}

/** Reads a stored mail (RFC 5322 with MIME); what it cannot read stays as it came. */
export function readMessage(raw: Buffer): ReadMessage {
  const message = splitPart(raw);
  const header = (name: string) => decodeWords(message.headers.get(name) ?? '');
  const read: ReadMessage = {
    from: header('from'),
    to: (message.headers.get('x-envelope-to') ?? message.headers.get('to') ?? '').split(',').map((address) => address.trim()),
    subject: header('subject'),
    date: header('date'),
    text: '',
    html: '',
    links: [],
    attachments: [],
  };
  for (const part of leaves(message)) {
    const type = part.headers.get('content-type') ?? 'text/plain';
    const bytes = decodeBody(part);
    const disposition = part.headers.get('content-disposition') ?? '';
    const name = parameter(disposition, 'filename') || parameter(type, 'name');
    if (/^attachment/i.test(disposition) || name) read.attachments.push({ name, type: type.split(';')[0]!.trim(), bytes: bytes.length });
    else if (/^text\/html/i.test(type)) read.html += bytes.toString('utf8');
    else if (/^text\//i.test(type)) read.text += bytes.toString('utf8');
  }
  const addresses = `${read.text}\n${read.html.replaceAll('&amp;', '&')}`.match(/https?:\/\/[^\s"'<>)\]]+/g) ?? [];
  read.links = [...new Set(addresses)];
  return read;
}
