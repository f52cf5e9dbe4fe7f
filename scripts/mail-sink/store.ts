import fs from 'node:fs';
import path from 'node:path';
import { readMessage, type ReadMessage } from './message';

export interface StoredMessage extends ReadMessage {
  id: string;
  receivedAt: string;
}

const kept = 500;

/** Mails as .eml files in a folder, the newest 500. File names sort by the moment of receipt. */
export class MailStore {
  private last = 0;

  constructor(private readonly folder: string) {
    fs.mkdirSync(folder, { recursive: true });
  }

  /** Keeps a mail with the addresses of its envelope, which alone name blind copies. */
  add(raw: Buffer, envelope: { from: string; to: string[] }): string {
    // Two mails of one millisecond still get names in order.
    this.last = Math.max(Date.now(), this.last + 1);
    const id = String(this.last);
    const head = `X-Envelope-From: ${envelope.from}\r\nX-Envelope-To: ${envelope.to.join(', ')}\r\n`;
    const file = path.join(this.folder, `${id}.eml`);
    fs.writeFileSync(`${file}.new`, Buffer.concat([Buffer.from(head), raw]));
    fs.renameSync(`${file}.new`, file);
    for (const old of this.ids().slice(kept)) fs.rmSync(path.join(this.folder, `${old}.eml`), { force: true });
    return id;
  }

  /** Newest first; only those sent to `to` when it is given. */
  list(to?: string): StoredMessage[] {
    const messages = this.ids().flatMap((id) => this.read(id) ?? []);
    return to === undefined
      ? messages
      : messages.filter((message) => message.to.some((address) => address.toLowerCase() === to.toLowerCase()));
  }

  read(id: string): StoredMessage | null {
    const raw = this.raw(id);
    return raw && { id, receivedAt: new Date(Number(id)).toISOString(), ...readMessage(raw) };
  }

  raw(id: string): Buffer | null {
    if (!/^\d+$/.test(id)) return null;
    try {
      return fs.readFileSync(path.join(this.folder, `${id}.eml`));
    } catch {
      return null;
    }
  }

  clear(): void {
    for (const id of this.ids()) fs.rmSync(path.join(this.folder, `${id}.eml`), { force: true });
  }

  private ids(): string[] {
    const names = fs.readdirSync(this.folder).filter((name) => name.endsWith('.eml'));
    return names.map((name) => name.slice(0, -4)).sort((a, b) => Number(b) - Number(a));
  }
}
