import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');
/** What each layer may take from the others; `types` marks an import that must be type-only. */
const allowed: Record<string, { layers: string[]; types?: string[]; modules: RegExp }> = {
  domain: { layers: [], modules: /^$/ },
  signature: { layers: ['domain'], modules: /^(node:crypto|node:zlib|@cantoo\/pdf-lib|@cantoo\/fontkit|qrcode)/ },
  storage: { layers: ['domain'], modules: /^(node:|sequelize|umzug|minio|ulid|zod|mysql2)/ },
  integrations: { layers: ['domain', 'signature'], types: ['workflows'], modules: /./ },
  workflows: { layers: ['domain'], types: ['activities'], modules: /^@temporalio\/workflow$/ },
  activities: { layers: ['domain', 'signature', 'storage', 'integrations'], types: ['workflows'], modules: /./ },
};

/** The embedded fonts are data beside the code: reading them is the signature layer's only I/O. */
const fontFiles = /^signature\/sheet\/fonts\.ts$/;

const files = (folder: string): string[] =>
  readdirSync(path.join(root, folder)).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(path.join(root, file)).isDirectory() ? files(file) : file.endsWith('.ts') ? [file] : [];
  });

const imports = (file: string): { target: string; isType: boolean }[] =>
  [...readFileSync(path.join(root, file), 'utf8').matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';/gms)].map((m) => ({
    target: m[2] ?? '',
    isType: Boolean(m[1]),
  }));

test.each(Object.keys(allowed))('%s imports only what it may', (layer) => {
  const rule = allowed[layer];
  const broken: string[] = [];
  for (const file of files(layer)) {
    for (const { target, isType } of imports(file)) {
      if (!target.startsWith('.')) {
        if (fontFiles.test(file) && /^node:(fs|path)$/.test(target)) continue;
        if (!rule?.modules.test(target)) broken.push(`${file} → ${target}`);
        continue;
      }
      const to = path.relative(root, path.resolve(root, path.dirname(file), target)).split(path.sep)[0] ?? '';
      const isContract = /workflows\/contracts$/.test(target);
      const fine =
        to === layer ||
        rule?.layers.includes(to) ||
        (isType && rule?.types?.includes(to)) ||
        (isContract && rule?.types?.includes('workflows'));
      if (!fine) broken.push(`${file} → ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test('only views and the launcher know of no layer: nothing imports from server but server, scripts and tests', () => {
  const broken = ['domain', 'signature', 'storage', 'integrations', 'workflows', 'activities'].flatMap((layer) =>
    files(layer).filter((file) => imports(file).some((i) => /\/server\//.test(i.target))),
  );
  expect(broken).toEqual([]);
});
