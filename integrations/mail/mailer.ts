import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';

export type Mail = { to: string; subject: string; text: string; html: string; messageId: string };
/** `refused`: this recipient will never work (5xx); `try-later`: the server or the network is not ready. `reason` is the server's own words. */
export type MailOutcome = { state: 'sent' } | { state: 'refused' | 'try-later'; reason: string };
export type Mailer = { send(mail: Mail): Promise<MailOutcome>; ping(): Promise<void>; close(): void };

/** `requireTls`: a server that offers no STARTTLS, or whose certificate is not good for its name, is told nothing. `caFile` is a PEM file. */
export type MailerOptions = { url: string; from: string; requireTls?: boolean; caFile?: string | null };

/** Sends through the site's relay; `url` is smtp://[user:password@]host:port or smtps://…; a relay without login is fine. */
export function openMailer(options: MailerOptions): Mailer {
  const transport = createTransport({
    url: options.url,
    requireTLS: options.requireTls ?? false,
    tls: { minVersion: 'TLSv1.2', ...(options.caFile ? { ca: readFileSync(options.caFile) } : {}) },
    pool: true,
    maxConnections: 2,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  });
  return {
    async send(mail) {
      try {
        await transport.sendMail({
          from: options.from,
          to: mail.to,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          messageId: `<${mail.messageId}@kense>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return { state: 'sent' };
      } catch (error) {
        const { responseCode, message, code } = error as { responseCode?: number; message?: string; code?: string };
        const isOfSession = code === 'ETLS' || code === 'EAUTH'; // says nothing about the recipient, and can be mended
        const isFinal = !isOfSession && responseCode !== undefined && responseCode >= 500 && responseCode < 600;
        return { state: isFinal ? 'refused' : 'try-later', reason: message ?? String(error) };
      }
    },
    async ping() {
      await transport.verify();
    },
    close() {
      transport.close();
    },
  };
}
