import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ejs from 'ejs';
import ts from 'typescript';

// Reads every template as TypeScript: pages, fragments and mails with the data that `Pages`, `Fragments` and `Mails` promise them, parts
// with what their first line declares: `<%# it: { p: { row: DocumentRow } } -%>`.

/** One complaint about a template; `line` counts from 1. */
export type ViewProblem = { template: string; line: number; message: string };

const declaration = /^<%# it: (.+) -%>\n/;

/** Modules whose exported types a declaration may name. */
const typeModules = (root: string): string[] => {
  const areas = readdirSync(path.join(root, 'server'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const pages = areas.map(({ name }) => `server/${name}/pages`).filter((module) => ts.sys.fileExists(path.join(root, `${module}.ts`)));
  const parts = readdirSync(path.join(root, 'server/kit/parts')).map((file) => `server/kit/parts/${file.slice(0, -'.ts'.length)}`);
  return [
    'domain/documents/document',
    'domain/routes/route',
    'server/kit/new-password',
    'server/kit/views',
    'services/documents/filter',
    'services/texts/types',
    ...parts,
    ...pages,
  ];
};

/** "Parameter implicitly has an 'any' type": a template is JavaScript and has no way to say more. */
const untyped = 7006;

const exportedTypes = (root: string, module: string): string[] =>
  [...readFileSync(path.join(root, `${module}.ts`), 'utf8').matchAll(/^export (?:interface|type) (\w+)/gm)].map((match) => match[1] ?? '');

/** What a template is given, as a type; null when a part does not say. */
function dataOf(name: string, source: string): string | null {
  const [folder = '', ...rest] = name.split('/');
  const declared = declaration.exec(source)?.[1];
  switch (folder) {
    case 'pages':
      return `Page & { view: Pages['${name}'] }`;
    case 'fragments':
      return `Page & { view: Fragments['${name}'] }`;
    case 'mail':
      if (declared) return `Mail & ${declared}`; // the frame of all mails
      return `Mail & { view: Mails['${rest.join('/').replace(/\.(html|text)$/, '')}'] }`;
    case 'layouts':
      return 'Page & { body: string }';
    default:
      return declared ? `Page & ${declared}` : null;
  }
}

/** The body of the function EJS makes of a template, with marks of the lines. */
function bodyOf(source: string): string {
  const template = new ejs.Template(source, { strict: true, _with: false, localsName: 'it', compileDebug: true });
  const made = template as unknown as { generateSource(): void; source: string };
  made.generateSource();
  return made.source;
}

const prelude = `
import type { helpersFor } from './services/texts/helpers';
import type { ViewContext, Pages, Fragments } from './server/kit/views';
import type { Mails } from './services/mail/templates';
type Helpers = ReturnType<typeof helpersFor>;
type Page = Helpers & { ctx: ViewContext; layout: { name: 'app' | 'sheet'; title: string; mainClass: string } };
/** What is a template's own of what it is given. */
type Given<Data> = Omit<Data, keyof Page | 'mail'>;
type Mail = Helpers & { mail: { subject: string } };
/** What an included template still needs: the rest it finds where it is included. */
type Missing<Own, Want> = { [Key in keyof Want as Key extends keyof Own ? (Own[Key] extends Want[Key] ? never : Key) : Key]: Want[Key] };
type Include<Own> = <Name extends keyof Included>(
  name: Name,
  ...data: {} extends Missing<Own, Included[Name]> ? [data?: Partial<Included[Name]>] : [data: Missing<Own, Included[Name]> & Partial<Included[Name]>]
) => string;
declare const __append: (text: string | undefined) => void;
declare const escapeFn: (value: string | number | null | undefined) => string;
declare let __line: number;
`;

/** Reads all templates under `folder`; what the compiler says of them, in the order of their names. */
export function checkViews(root: string, folder = path.join(root, 'views')): ViewProblem[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ejs'))
    .map((file) => file.slice(0, -'.ejs'.length).split(path.sep).join('/'))
    .sort();
  const problems: ViewProblem[] = [];
  const sources = names.map((name) => ({ name, source: readFileSync(path.join(folder, `${name}.ejs`), 'utf8') }));
  const declared = sources.map(({ source }) => declaration.exec(source)?.[1] ?? '').join(' ');
  const imports = typeModules(root).map((module) => {
    const used = exportedTypes(root, module).filter(
      (type) => new RegExp(`\\b${type}\\b`).test(declared) && !['Pages', 'Fragments'].includes(type),
    );
    return `import type { ${used.join(', ')} } from './${module}';`;
  });
  const included = sources.map(({ name, source }) => {
    const data = dataOf(name, source);
    return data ? `  '/${name.includes('.') ? `${name}.ejs` : name}': Given<${data}>;` : ''; // a name with a dot is included with its ending
  });
  let text = `${imports.join('\n')}${prelude}interface Included {\n${included.join('\n')}\n}\n`;
  const places: { start: number; name: string }[] = [];
  for (const { name, source } of sources) {
    const data = dataOf(name, source);
    if (!data) {
      problems.push({ template: name, line: 1, message: 'the first line does not declare what it is given: <%# it: { … } -%>' });
      continue;
    }
    places.push({ start: text.length, name });
    text += `export const f${places.length} = (it: ${data}, include: Include<${data}>): void => {\n${bodyOf(source)}\n};\n`;
  }
  for (const { start, message } of compile(root, text)) {
    const place = places.findLast((one) => one.start <= start);
    const before = text.slice(place?.start ?? 0, start);
    const line = Number([...before.matchAll(/__line = (\d+)/g)].at(-1)?.[1] ?? 1);
    problems.push({ template: place?.name ?? '(declarations)', line, message });
  }
  return problems;
}

/** Type-checks one made-up file at the root of the sources. */
function compile(root: string, text: string): { start: number; message: string }[] {
  const file = path.join(root, 'views-as-functions.ts');
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(root, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} },
  );
  const options = { ...config?.options, noUnusedLocals: false, noUnusedParameters: false, noUncheckedIndexedAccess: false, noEmit: true };
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : getSourceFile(name, ...rest);
  const pages = typeModules(root).map((module) => path.join(root, `${module}.ts`)); // they add to Pages and Fragments
  const program = ts.createProgram([file, ...pages], options, host);
  const source = program.getSourceFile(file);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return found
    .filter(({ code }) => code !== untyped)
    .map(({ start = 0, messageText }) => ({
      start,
      message: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
}

if (require.main === module) {
  const problems = checkViews(path.join(__dirname, process.argv[2] ?? '../..'));
  for (const { template, line, message } of problems) console.error(`views/${template}.ejs:${line} ${message}`);
  console.log(`${problems.length} complaints about templates`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
