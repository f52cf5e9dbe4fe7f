import type { DemoKey, Keyring } from '../keyring';
import type { Data, Entry, Offer } from './application';
import texts from './texts.json';

// The pages of the practice phone: the scanner, what is asked, the documents, the outcome.

const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)} · ${texts.title}</title>
<link rel="stylesheet" href="/tokens.css"><link rel="stylesheet" href="/window.css"><link rel="stylesheet" href="/phone.css"><link rel="icon" href="data:,"></head>
<body><header><p class="brand">${texts.brand}</p><p class="brand-note">${texts.brandNote}</p></header><main>${body}</main></body></html>`;
}

const back = `<p><a href="/">${texts.back}</a></p>`;

/** The scanner, with what was refused just now. */
export const scanPage = (given: string, problem: string | null): string =>
  page(
    texts.scanTitle,
    `<section class="request"><h1>${texts.scanTitle}</h1>${problem === null ? '' : `<p class="outcome" data-outcome="failed" role="alert">${escape(problem)}</p>`}
<form method="get" action="/"><label for="link">${texts.scanField}</label><textarea id="link" name="link" rows="4" required autofocus>${escape(given)}</textarea>
<p class="note">${texts.scanNote}</p><button class="primary">${texts.scan}</button></form></section>`,
  );

const describeKey = ({ certificate, use, algorithm }: DemoKey, now: Date): string => {
  const { person, notAfter } = certificate;
  const marks = [
    ...(person.organisation ? [person.organisation] : []),
    ...(algorithm === 'rsa' ? ['RSA'] : []),
    ...(use === 'authentication' ? [texts.authentication] : []),
    ...(now > notAfter ? [texts.expired] : []),
  ];
  return `${person.name ?? ''} · ${texts.iin} ${person.iin ?? ''}${marks.length > 0 ? ` · ${marks.join(' · ')}` : ''}`;
};

function keyChoice({ keys }: Keyring, now: Date, chosen: string | null): string {
  const option = (key: DemoKey): string =>
    `<option value="${escape(key.id)}"${key.id === chosen ? ' selected' : ''}>${escape(describeKey(key, now))}</option>`;
  const group = (label: string, isCompany: boolean): string =>
    `<optgroup label="${label}">${keys
      .filter(({ certificate }) => (certificate.person.bin !== undefined) === isCompany)
      .map(option)
      .join('')}</optgroup>`;
  return `<label for="key">${texts.key}</label><select id="key" name="key">${group(texts.personal, false)}${group(texts.company, true)}</select>`;
}

const offerFacts = (offer: Offer): string => {
  const facts = [
    [texts.organisation, offer.organisation.nameRu],
    [texts.bin, offer.organisation.bin],
    [texts.until, offer.expiry_date],
    [texts.auth, texts.auths[offer.document.auth_type]],
  ] as const;
  return `<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl>`;
};

/** What is asked and by whom, and whose phone this is. */
export const offerPage = (visit: string, offer: Offer, keyring: Keyring, now: Date): string =>
  page(
    offer.description,
    `<section class="request"><h1>${escape(offer.description)}</h1>${offerFacts(offer)}
<form method="post" action="/visits/${visit}/documents">${keyChoice(keyring, now, null)}<p><button class="primary">${texts.open}</button></p></form>${back}</section>`,
  );

const documentItem = (visit: string, entry: Entry): string => {
  const meta = (entry.meta ?? []).map(({ name, value }) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join('');
  const content =
    entry.documentXml === undefined
      ? `<p><a href="/visits/${visit}/documents/${encodeURIComponent(String(entry.id))}" target="_blank">${texts.view}</a></p>`
      : `<details><summary>${texts.xml}</summary><pre>${escape(entry.documentXml)}</pre></details>`;
  return `<li data-document="${escape(String(entry.id))}"><b>${escape(entry.nameRu)}</b><dl>${meta}</dl>${content}</li>`;
};

/** The documents, and what is to be done with them. */
export const documentsPage = (visit: string, data: Data, keyring: Keyring, now: Date, chosen: string): string =>
  page(
    texts.documentsTitle,
    `<section class="request"><h1>${texts.documentsTitle}</h1><ol class="documents">${data.documentsToSign.map((entry) => documentItem(visit, entry)).join('')}</ol>
<form method="post" action="/visits/${visit}/sign">${keyChoice(keyring, now, chosen)}
<label for="misdeed">${texts.misdeed}</label><select id="misdeed" name="misdeed">${Object.entries(texts.misdeeds)
      .map(([id, words]) => `<option value="${id}">${words}</option>`)
      .join('')}</select>
<p><label><input type="checkbox" name="stamp" value="yes" checked> ${texts.stamp}</label></p>
<p class="acts"><button class="primary" name="do" value="sign">${texts.sign}</button> <button name="do" value="decline">${texts.decline}</button></p></form></section>`,
  );

export type OutcomeShown =
  { kind: 'accepted'; status: number } | { kind: 'refused'; status: number; message: string } | { kind: 'declined' };

/** What came of it. */
export function outcomePage(visit: string, outcome: OutcomeShown): string {
  const title = outcome.kind === 'accepted' ? texts.accepted : outcome.kind === 'refused' ? texts.refused : texts.decline;
  const status = outcome.kind === 'declined' ? '' : String(outcome.status);
  const body = {
    accepted: () => texts.acceptedNote.replace('{status}', status),
    refused: () => `${outcome.kind === 'refused' ? outcome.message : ''} (${texts.status.replace('{status}', status)})`,
    declined: () => texts.declined,
  }[outcome.kind]();
  const again =
    outcome.kind === 'declined' ? '' : `<form method="post" action="/visits/${visit}/again"><button>${texts.again}</button></form>`;
  return page(
    title,
    `<section class="request"><h1>${title}</h1><p class="outcome" data-outcome="${outcome.kind}" role="status">${escape(body)}</p>${again}${back}</section>`,
  );
}

/** A visit nobody remembers. */
export const gonePage = (): string => scanPage('', texts.gone);
