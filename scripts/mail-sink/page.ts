import type { StoredMessage } from './store';
import texts from './texts.json';

const escape = (text: string) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
table { width: 100%; border-collapse: collapse; } th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
a { color: #1f5fbf; } @media (prefers-color-scheme: dark) { a { color: #8fb8ff; } }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; } iframe { width: 100%; height: 36rem; border: 1px solid #8884; background: #fff; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dt { color: #777; } dd { margin: 0; }
form { margin: 1rem 0; } input { font: inherit; padding: .25rem .5rem; } .quiet { color: #777; }
`;

const page = (title: string, body: string) => `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${style}</style></head>
<body><h1>${escape(title)}</h1>${body}</body></html>`;

const when = (message: StoredMessage) =>
  new Intl.DateTimeFormat('ru', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'Asia/Almaty' }).format(new Date(message.receivedAt)) +
  ' UTC+5';

/** The list of mails, newest first, with the search by recipient. */
export function listPage(messages: StoredMessage[], to: string): string {
  const rows = messages.map(
    (message) =>
      `<tr><td>${escape(when(message))}</td><td>${escape(message.to.join(', '))}</td><td><a href="/mail/${message.id}">${escape(message.subject || texts.noSubject)}</a></td></tr>`,
  );
  const search = `<form><label>${texts.to} <input name="to" type="search" value="${escape(to)}"></label> <button>${texts.show}</button></form>`;
  const table = `<table><thead><tr><th scope="col">${texts.received}</th><th scope="col">${texts.to}</th><th scope="col">${texts.subject}</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return page(texts.title, `<p class="quiet">${texts.about}</p>${search}${rows.length > 0 ? table : `<p>${texts.none}</p>`}`);
}

/** One mail: the head, its links, the HTML in a frame without rights, and the plain text. */
export function messagePage(message: StoredMessage): string {
  const links = message.links.map((link) => `<li><a href="${escape(link)}">${escape(link)}</a></li>`).join('');
  const files = message.attachments.map((file) => `${escape(file.name)} (${file.bytes})`).join(', ');
  const head = [
    [texts.received, escape(when(message))],
    [texts.from, escape(message.from)],
    [texts.to, escape(message.to.join(', '))],
    ...(files ? [[texts.attachments, files]] : []),
  ];
  return page(
    message.subject || texts.noSubject,
    `<p><a href="/">${texts.back}</a> · <a href="/mail/${message.id}/raw">${texts.source}</a></p>
    <dl>${head.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>
    ${links ? `<h2>${texts.links}</h2><ul>${links}</ul>` : ''}
    ${message.html ? `<h2>HTML</h2><iframe sandbox src="/mail/${message.id}/html" title="HTML"></iframe>` : ''}
    ${message.text ? `<h2>${texts.text}</h2><pre>${escape(message.text)}</pre>` : ''}`,
  );
}
