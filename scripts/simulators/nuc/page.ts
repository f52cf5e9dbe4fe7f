import type { ServiceContext } from './services';

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
const row = (cells: readonly string[], tag = 'td'): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
const instant = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** The state of the services as a page: a tool of the demonstration, in the language of the clerk. */
export function statePage({ behaviour, register, now }: ServiceContext): string {
  const services = row(['OCSP', behaviour.ocsp]) + row(['TSP', behaviour.tsp]) + row(['CRL', behaviour.crl]);
  const certificates = register
    .overview()
    .map(({ id, algorithm, serial, revoked }) =>
      row([id, algorithm, serial, revoked ? `отозван ${instant(revoked.at)}, ${revoked.reason}` : 'действует']),
    )
    .join('');
  return `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>НУЦ (учебный)</title><link rel="stylesheet" href="/tokens.css"></head>
<body><main><h1>НУЦ (учебный)</h1>
<p>Часы центра: ${escaped(instant(now.toISOString()))} UTC. Это не Национальный удостоверяющий центр: здешние ключи ничего не доказывают.</p>
<h2>Службы</h2><table>${services}</table>
<h2>Сертификаты</h2><table><thead>${row(['Ключ', 'Алгоритм', 'Серийный номер', 'Состояние'], 'th')}</thead><tbody>${certificates}</tbody></table>
</main></body></html>
`;
}
