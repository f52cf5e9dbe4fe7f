import fs from 'node:fs';
import path from 'node:path';
import { fail, say } from './launcher/command';
import { PlainFailure } from './launcher/failure';
import { defaultHomeFolder } from './launcher/home';
import { openKeyring, type DemoKey, type Keyring, type KeyringFile } from './simulators/keyring';
import { isThisComputer, PhoneApplication, PhoneError, type Misdeed } from './simulators/phone/application';

const usage = `Usage: node scripts/start.js phone 'mobileSign:http…' --as KEY [--misdeed other-document|tampered|repeat] [--no-stamp] [--lang ru|kk|en]
Walks a code or link of the demo as eGov Mobile does. KEY is an id of the demo's keyring; without --as they are listed.`;

type Wish = { text: string; key: string | null; misdeed: Misdeed | 'repeat' | null; isStamping: boolean; language: 'ru' | 'kk' | 'en' };

function readArguments(args: readonly string[]): Wish {
  const wish: Wish = { text: '', key: null, misdeed: null, isStamping: true, language: 'ru' };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--no-stamp') wish.isStamping = false;
    else if (arg === '--as') wish.key = rest.shift() ?? null;
    else if (arg === '--misdeed') wish.misdeed = oneOf(['other-document', 'tampered', 'repeat'] as const, rest.shift());
    else if (arg === '--lang') wish.language = oneOf(['ru', 'kk', 'en'] as const, rest.shift());
    else if (arg.startsWith('--') || wish.text !== '') throw new PlainFailure(usage);
    else wish.text = arg;
  }
  if (wish.text === '') throw new PlainFailure(usage);
  return wish;
}

function oneOf<T extends string>(known: readonly T[], given: string | undefined): T {
  const found = known.find((each) => each === given);
  if (!found) throw new PlainFailure(usage);
  return found;
}

function keyringOfDemo(): Keyring {
  const file = path.join(defaultHomeFolder(), 'keys', 'keyring.json');
  if (!fs.existsSync(file)) throw new PlainFailure(`${file} does not exist: start the demo first (npm run demo).`);
  return openKeyring(JSON.parse(fs.readFileSync(file, 'utf8')) as KeyringFile);
}

function chosenKey({ keys }: Keyring, id: string | null): DemoKey {
  const found = keys.find((key) => key.id === id);
  if (found) return found;
  const lines = keys.map((key) => `  ${key.id.padEnd(36)} ${key.certificate.person.name ?? ''}`);
  throw new PlainFailure(`${id === null ? 'Whose phone is it? --as KEY' : `The demo has no key ${id}`}\n${lines.join('\n')}`);
}

async function walk(wish: Wish): Promise<void> {
  const keyring = keyringOfDemo();
  const key = chosenKey(keyring, wish.key);
  const phone = new PhoneApplication({
    isKnownHost: isThisComputer,
    language: wish.language,
    ...(wish.isStamping ? { timeStamping: keyring.timeStamping } : {}),
  });
  const offer = await phone.open(wish.text);
  say(`API No. 1   ${offer.description}`);
  say(
    `            ${offer.organisation.nameRu}, BIN ${offer.organisation.bin}; until ${offer.expiry_date}; access: ${offer.document.auth_type}`,
  );
  const data = await phone.fetchDocuments(offer, key);
  say(`API No. 2   ${data.signMethod}, documents: ${data.documentsToSign.length}`);
  for (const entry of data.documentsToSign) {
    const bytes = Buffer.from(entry.document?.file.data ?? '', 'base64').length || (entry.documentXml ?? '').length;
    say(`            ${entry.id}. ${entry.nameRu} (${bytes} bytes${entry.document?.file.mime ? `, ${entry.document.file.mime}` : ''})`);
  }
  const signed = phone.sign(data, key, wish.misdeed === 'repeat' ? undefined : (wish.misdeed ?? undefined));
  say(`Signed as   ${key.certificate.person.name ?? key.id}, IIN ${key.certificate.person.iin ?? '-'}`);
  for (let i = 0; i < (wish.misdeed === 'repeat' ? 2 : 1); i++) say(`PUT         ${await phone.put(offer, signed)}`);
}

/** Walks one code as the application on a phone does and prints the steps. */
export async function main(args: string[]): Promise<void> {
  try {
    await walk(readArguments(args));
    process.exit(0);
  } catch (error) {
    fail(error instanceof PhoneError ? new PlainFailure(`Refused     ${error.status || ''} ${error.message}`) : error, null);
  }
}
