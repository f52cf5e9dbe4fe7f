import type { DemoKey, Keyring } from '../keyring';
import { type Misfit, misfitOf, type Pending } from './desk';
import texts from './texts.json';

// The small window of NCALayer, as a page: what is asked, the keys that fit, the keys that do not and why.

const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const date = (moment: Date): string => new Intl.DateTimeFormat('ru', { dateStyle: 'short', timeZone: 'Asia/Almaty' }).format(moment);

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title>
<link rel="stylesheet" href="/tokens.css"><link rel="stylesheet" href="/window.css"><link rel="icon" href="data:,"></head>
<body><header><p class="brand">${texts.brand}</p><p class="brand-note">${texts.brandNote}</p></header><main>${body}</main><script src="/window.js" defer></script></body></html>`;
}

const roleOf = ({ certificate, use }: DemoKey): string => {
  if (use === 'authentication') return texts.roles.authentication;
  const role = certificate.roles.filter((each) => each !== 'legal-entity').at(-1) ?? 'individual';
  return (texts.roles as Record<string, string>)[role] ?? role;
};

function keyCells(key: DemoKey, now: Date): string {
  const { person, notBefore, notAfter } = key.certificate;
  const over = now > notAfter;
  return `<th scope="row"><span class="key-name">${escape(person.name ?? '')} ${escape(person.patronymic ?? '')}</span><span class="key-more">${texts.iin} ${escape(person.iin ?? '')}</span></th>
<td>${person.organisation ? `${escape(person.organisation)}<span class="key-more">${texts.bin} ${escape(person.bin ?? '')}</span>` : texts.noOrganisation}</td>
<td>${roleOf(key)}</td><td>${texts.algorithms[key.algorithm]}</td>
<td class="${over ? 'key-over' : ''}">${date(notBefore)} – ${date(notAfter)}${over ? `<span class="key-more">${texts.expired}</span>` : ''}</td>`;
}

function table(caption: string, rows: string): string {
  const heads = [texts.owner, texts.organisation, texts.role, texts.algorithm, texts.validity, ''];
  return `<table><caption>${caption}</caption><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows}</tbody></table>`;
}

function chooseForm(pending: Pending, key: DemoKey, quiet: boolean): string {
  const label = `${quiet ? texts.chooseAnyway : texts.choose}: ${key.certificate.person.name ?? key.id}, ${roleOf(key)}`;
  return `<form method="post" action="/pending/${pending.id}/choose"><input type="hidden" name="key" value="${escape(key.id)}">
<button class="${quiet ? 'quiet' : 'primary'}" aria-label="${escape(label)}" data-key="${escape(key.id)}">${quiet ? texts.chooseAnyway : texts.choose}</button></form>`;
}

function request(pending: Pending, keyring: Keyring, now: Date): string {
  const authorities = keyring.authorities.map((each) => Buffer.from(each.der).toString('base64'));
  const judged = keyring.keys.map((key) => ({ key, misfit: misfitOf(key, pending.filter, now, authorities) }));
  const row = (key: DemoKey, misfit: Misfit | null) =>
    `<tr>${keyCells(key, now)}<td class="key-act">${misfit ? `<span class="key-more">${texts.misfits[misfit]}</span>` : ''}${chooseForm(pending, key, misfit !== null)}</td></tr>`;
  const rows = (wanted: boolean) => judged.flatMap(({ key, misfit }) => ((misfit === null) === wanted ? [row(key, misfit)] : [])).join('');
  const facts = [
    [texts.site, escape(pending.origin || texts.noSite)],
    ...(pending.kind === 'signature' ? [[texts.documents, String(pending.documents)]] : []),
    ...(pending.filter.iin ? [[texts.iin, escape(pending.filter.iin)]] : []),
    ...(pending.filter.bin ? [[texts.bin, escape(pending.filter.bin)]] : []),
  ];
  const fitting = rows(true);
  const others = rows(false);
  return `<section class="request" data-pending="${pending.id}"><h1>${pending.kind === 'signature' ? texts.signTitle : texts.infoTitle}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>
${fitting ? table(texts.fitting, fitting) : `<p class="note">${texts.noneFits}</p>`}
<form method="post" action="/pending/${pending.id}/cancel"><button>${texts.cancel}</button></form>
${others ? `<details><summary>${texts.others}</summary><p class="note">${texts.othersNote}</p>${table(texts.others, others)}</details>` : ''}</section>`;
}

/** The page: every waiting request with its keys, or, when nothing waits, the list of all keys. */
export function windowPage(pending: readonly Pending[], keyring: Keyring, now: Date): string {
  if (pending.length > 0) return page(texts.signTitle, pending.map((each) => request(each, keyring, now)).join(''));
  const rows = keyring.keys.map((key) => `<tr>${keyCells(key, now)}<td></td></tr>`).join('');
  return page(texts.title, `<h1>${texts.idleTitle}</h1><p class="note">${texts.idleNote}</p>${table(texts.allKeys, rows)}`);
}
