import { PackError } from './errors';

/** Where the list of contents stands in every pack. */
export const MANIFEST_PATH = 'manifest.json';

/** One file of a pack; digests are lower-case hex, sizes bytes. */
export interface PackFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly streebog512: string;
}

export interface PackSignature {
  /** The CMS as it was received. */
  readonly cms: string;
  /** The same with everything needed to check it later; null while it is being gathered. */
  readonly proof: string | null;
  /** Report of the installation, JSON. */
  readonly report: string;
  /** When the installation says it received the signature, ISO 8601. */
  readonly receivedAt: string;
  readonly purpose: string;
}

/** Contents of an evidence pack, format 1. `files` names every file but the manifest itself. */
export interface Manifest {
  readonly format: 1;
  readonly product: 'Kense';
  /** ISO 8601. */
  readonly madeAt: string;
  readonly document: { readonly path: string; readonly name: string; readonly title: string };
  readonly signatures: readonly PackSignature[];
  readonly material: { readonly certificates: readonly string[]; readonly ocsp: readonly string[]; readonly crls: readonly string[] };
  readonly audit: { readonly excerpt: string; readonly stamps: readonly { readonly seq: number; readonly path: string }[] } | null;
  readonly files: readonly PackFile[];
}

const MAX_SIGNATURES = 1_000;
const HEX = { sha256: /^[0-9a-f]{64}$/, streebog512: /^[0-9a-f]{128}$/ };

/** Reads a manifest; every path it uses must be among its `files`. Throws PackError. */
export function readManifest(bytes: Uint8Array): Manifest {
  const root = new Reader(parseJson(bytes), 'manifest');
  if (root.value('format') !== 1) throw bad('this format of packs is not known');
  const manifest: Manifest = {
    format: 1,
    product: 'Kense',
    madeAt: root.instant('madeAt'),
    document: readDocument(root.child('document')),
    signatures: root.list('signatures', readSignature, MAX_SIGNATURES),
    material: readMaterial(root.child('material')),
    audit: root.value('audit') === null ? null : readAudit(root.child('audit')),
    files: root.list('files', readFile),
  };
  const paths = new Set(manifest.files.map((file) => file.path));
  if (paths.size !== manifest.files.length) throw bad('a file is listed twice');
  for (const path of usedPaths(manifest)) if (!paths.has(path)) throw bad(`${path} is used but not listed`);
  return manifest;
}

function usedPaths({ document, signatures, material, audit }: Manifest): string[] {
  return [
    document.path,
    ...signatures.flatMap(({ cms, proof, report }) => [cms, report, ...(proof === null ? [] : [proof])]),
    ...material.certificates,
    ...material.ocsp,
    ...material.crls,
    ...(audit ? [audit.excerpt, ...audit.stamps.map((stamp) => stamp.path)] : []),
  ];
}

const readDocument = (from: Reader): Manifest['document'] => ({
  path: from.text('path'),
  name: from.text('name'),
  title: from.text('title'),
});

const readSignature = (from: Reader): PackSignature => ({
  cms: from.text('cms'),
  proof: from.value('proof') === null ? null : from.text('proof'),
  report: from.text('report'),
  receivedAt: from.instant('receivedAt'),
  purpose: from.text('purpose'),
});

const readMaterial = (from: Reader): Manifest['material'] => ({
  certificates: from.texts('certificates'),
  ocsp: from.texts('ocsp'),
  crls: from.texts('crls'),
});

const readAudit = (from: Reader): NonNullable<Manifest['audit']> => ({
  excerpt: from.text('excerpt'),
  stamps: from.list('stamps', (stamp) => ({ seq: stamp.count('seq'), path: stamp.text('path') })),
});

const readFile = (from: Reader): PackFile => ({
  path: from.text('path'),
  size: from.count('size'),
  sha256: from.match('sha256', HEX.sha256),
  streebog512: from.match('streebog512', HEX.streebog512),
});

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    throw bad('it is not JSON');
  }
}

const bad = (what: string): PackError => new PackError('pack.bad_manifest', `The list of contents of the pack cannot be used: ${what}`);

const MAX_ITEMS = 20_000;
const MAX_TEXT = 4_096;

/** Reads fields of a JSON object and says where one is not what it must be. */
class Reader {
  private readonly fields: Record<string, unknown>;

  constructor(
    json: unknown,
    private readonly where: string,
  ) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad(`${where} must be an object`);
    this.fields = json as Record<string, unknown>;
  }

  value(name: string): unknown {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
  }

  child(name: string): Reader {
    return new Reader(this.value(name), `${this.where}.${name}`);
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) throw bad(`${this.where}.${name} must be a text`);
    return value;
  }

  match(name: string, form: RegExp): string {
    const value = this.text(name);
    if (!form.test(value)) throw bad(`${this.where}.${name} has another form`);
    return value;
  }

  instant(name: string): string {
    const value = this.match(name, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/);
    if (Number.isNaN(Date.parse(value))) throw bad(`${this.where}.${name} is no time`);
    return value;
  }

  count(name: string): number {
    const value = this.value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw bad(`${this.where}.${name} must be a number`);
    return value;
  }

  list<T>(name: string, read: (item: Reader) => T, max = MAX_ITEMS): T[] {
    return this.items(name, max).map((item, i) => read(new Reader(item, `${this.where}.${name}[${i}]`)));
  }

  texts(name: string): string[] {
    const items = this.items(name, MAX_ITEMS);
    if (!items.every((item) => typeof item === 'string' && item !== '' && item.length <= MAX_TEXT))
      throw bad(`${this.where}.${name} must be a list of texts`);
    return items as string[];
  }

  private items(name: string, max: number): readonly unknown[] {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length > max) throw bad(`${this.where}.${name} must be a list of at most ${max}`);
    return value;
  }
}
