import { createTransport } from 'nodemailer';

export type Mail = { to: string; subject: string; text: string; html: string; messageId: string };
/** `refused`: this recipient will never work (5xx); `try-later`: the server or the network is not ready. `reason` is the server's own words. */
export type MailOutcome = { state: 'sent' } | { state: 'refused' | 'try-later'; reason: string };
export type Mailer = { send(mail: Mail): Promise<MailOutcome>; ping(): Promise<void>; close(): void };

/** Sends through the site's relay; `url` is smtp://[user:password@]host:port or smtps://…; a relay without login is fine. */
export function openMailer(options: { url: string; from: string }): Mailer {
  const transport = createTransport({
    url: options.url,
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
        const { responseCode, message } = error as { responseCode?: number; message?: string };
        const isFinal = responseCode !== undefined && responseCode >= 500 && responseCode < 600;
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
