import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');

/** What each layer may take from the others beside itself: whole layers, or a folder or file of one. README, "Layout". */
const allowed: Record<string, { from: readonly string[]; modules: RegExp }> = {
  domain: { from: [], modules: /^$/ },
  signature: { from: ['domain'], modules: /^(node:crypto|node:zlib|@cantoo\/pdf-lib|@cantoo\/fontkit|qrcode)/ },
  storage: { from: ['domain'], modules: /^(node:|kysely|umzug|minio|ulid|zod|mysql2)/ },
  integrations: { from: ['domain', 'signature', 'workflows/contracts'], modules: /^(?!express|ejs|kysely)/ },
  workflows: { from: ['domain'], modules: /^@temporalio\/workflow$/ },
  services: { from: ['domain', 'signature', 'storage', 'integrations', 'workflows/contracts'], modules: /^(?!express|ejs)/ },
  activities: {
    from: ['services', 'workflows/contracts'],
    modules: /^@temporalio\/activity$/,
  },
  server: {
    from: ['domain', 'signature', 'storage', 'integrations', 'services', 'workflows/contracts'],
    modules: /^(?!ejs|kysely)/,
  },
  cli: {
    // `kense web` and `kense worker` are those processes; the demo's documents are made by what the workers run
    from: ['domain', 'signature', 'storage', 'integrations', 'services', 'server/web', 'activities'],
    modules: /^(?!express|ejs)/,
  },
};

/** Single imports that a layer has beyond its rule. */
const exceptions: Record<string, RegExp> = {
  'signature/sheet/fonts.ts': /^node:(fs|path)$/, // embedded fonts are data beside the code
  'services/texts/templates.ts': /^ejs$/, // pages and mails are filled in one place
  'activities/worker.ts': /./, // the process itself: it puts queues, schedules and activities together
};

/** What of `storage` speaks SQL; everybody else asks `storage`. */
const sql = /(^|\/)storage\/sql$/;

const files = (folder: string): string[] =>
  readdirSync(path.join(root, folder)).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(path.join(root, file)).isDirectory() ? files(file) : file.endsWith('.ts') ? [file] : [];
  });

const targets = (file: string): { target: string; isType: boolean }[] =>
  [...readFileSync(path.join(root, file), 'utf8').matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';/gms)].map((m) => ({
    target: m[2] ?? '',
    isType: Boolean(m[1]),
  }));
/** The path of a relative import from the root, without its ending. */
const pathOf = (file: string, target: string): string => path.relative(root, path.resolve(root, path.dirname(file), target));
const isIn = (target: string, place: string): boolean => target === place || target.startsWith(`${place}/`);

test.each(Object.keys(allowed))('%s imports only what it may', (layer) => {
  const rule = allowed[layer];
  const broken = files(layer).flatMap((file) =>
    targets(file)
      .filter(({ target, isType }) => {
        if (exceptions[file]?.test(target)) return false;
        if (!target.startsWith('.')) return !rule?.modules.test(target) && !isType;
        const to = pathOf(file, target);
        if (layer !== 'storage' && sql.test(to)) return true;
        // Workflows name the activities they call; only their types, so that no code of theirs is bundled.
        if (layer === 'workflows' && isType && isIn(to, 'activities')) return false;
        return !isIn(to, layer) && !rule?.from.some((place) => isIn(to, place));
      })
      .map(({ target }) => `${file} → ${target}`),
  );
  expect(broken).toEqual([]);
});

/** The area of a file of the server: its folder; the files beside the areas put them together. */
const areaOf = (file: string): string | null => {
  const [, area, ...rest] = file.split('/');
  return rest.length > 0 ? (area ?? null) : null;
};

test('no area of the server knows another, and the kit knows none', () => {
  const broken = files('server').flatMap((file) => {
    const area = areaOf(file);
    if (area === null) return [];
    return targets(file)
      .filter(({ target }) => target.startsWith('.'))
      .map(({ target }) => pathOf(file, target))
      .filter((to) => to.startsWith('server/') && !isIn(to, 'server/kit') && !isIn(to, `server/${area}`))
      .map((to) => `${file} → ${to}`);
  });
  expect(broken).toEqual([]);
});

test('HTTP is called web: what is mounted stands in files of that name', () => {
  const broken = files('server').filter((file) => {
    const area = areaOf(file);
    return area !== null && area !== 'kit' && /\bRouter\(/.test(readFileSync(path.join(root, file), 'utf8')) && !/web\.ts$/.test(file);
  });
  expect(broken).toEqual([]);
});
