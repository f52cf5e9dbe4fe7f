import { SignatureFormatError } from '../errors';

/** A strict reader of XML 1.0 with namespaces: no DTD, no entities but the five and character references, bounded in size and depth. */
export interface XmlAttribute {
  readonly prefix: string;
  readonly localName: string;
  /** Empty when it has none. */
  readonly namespace: string;
  readonly value: string;
}
export interface XmlElement {
  readonly kind: 'element';
  readonly prefix: string;
  readonly localName: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  /** Declarations made here: prefix (empty for the default) → namespace (empty to undo it). */
  readonly declarations: ReadonlyMap<string, string>;
  readonly parent: XmlElement | null;
  readonly children: XmlNode[];
}
export type XmlNode =
  | XmlElement
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'instruction'; readonly target: string; readonly text: string };

const MAX_CHARACTERS = 1_000_000;
const MAX_DEPTH = 64;
const MAX_ATTRIBUTES = 64;
const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/';
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const NAME_START =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF';
const NAME = new RegExp(
  `[${NAME_START}][-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040${NAME_START}]*(?::[${NAME_START}][-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040${NAME_START}]*)?`,
  'y',
);
// Characters XML 1.0 allows, lone surrogates apart.
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

const refuse = (what: string): never => {
  throw new SignatureFormatError('structure.malformed', `The XML document is not accepted: ${what}`);
};

/** The root element of a document. Throws SignatureFormatError for what is not well-formed and for what is not wanted in signed XML. */
export function readXml(text: string): XmlElement {
  if (text.length > MAX_CHARACTERS) throw new SignatureFormatError('structure.too_large', 'The XML document is too large');
  if (FORBIDDEN.test(text) || /\p{Surrogate}/u.test(text)) refuse('it holds a character XML does not allow');
  return new Reader(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')).document();
}

/** All text below an element. */
export const textOf = (element: XmlElement): string =>
  element.children.map((child) => (child.kind === 'text' ? child.text : child.kind === 'element' ? textOf(child) : '')).join('');

/** The elements among the children. */
export const elementsOf = (element: XmlElement): XmlElement[] =>
  element.children.filter((child): child is XmlElement => child.kind === 'element');

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): XmlElement {
    const declaration = /^<\?xml\s[^?]*\?>/.exec(this.text)?.[0];
    if (declaration) {
      const encoding = /encoding\s*=\s*["']([^"']+)["']/.exec(declaration)?.[1];
      if (encoding && !/^(utf-8|us-ascii)$/i.test(encoding)) refuse(`its encoding is ${encoding}`);
      this.at = declaration.length;
    }
    this.aside();
    if (this.text[this.at] !== '<') refuse('it has no root element');
    const root = this.element(null, new Map(), 0);
    this.aside();
    if (this.at !== this.text.length) refuse('something stands after the root element');
    return root;
  }

  /** White space and comments outside the root. An instruction there would be part of what a signature covers: none is accepted. */
  private aside(): void {
    for (;;) {
      this.space();
      if (!this.text.startsWith('<!--', this.at)) return;
      this.comment();
    }
  }

  private element(parent: XmlElement | null, scope: ReadonlyMap<string, string>, depth: number): XmlElement {
    if (depth > MAX_DEPTH) throw new SignatureFormatError('structure.too_deep', 'The XML document is nested too deeply');
    this.expect('<');
    const name = this.name();
    const raw: [string, string][] = [];
    for (;;) {
      const isSpaced = this.space();
      if (this.text.startsWith('/>', this.at) || this.text[this.at] === '>') break;
      if (!isSpaced) refuse('attributes are not apart');
      const key = this.name();
      this.space();
      this.expect('=');
      this.space();
      raw.push([key, this.attributeValue()]);
      if (raw.length > MAX_ATTRIBUTES) refuse('an element has too many attributes');
    }
    const { declarations, own } = this.declared(raw);
    const inner = declarations.size === 0 ? scope : new Map([...scope, ...declarations]);
    const element: XmlElement = {
      kind: 'element',
      ...this.resolve(name, inner, false),
      attributes: this.attributes(own, inner),
      declarations,
      parent,
      children: [],
    };
    if (this.text[this.at] === '/') {
      this.at += 2;
      return element;
    }
    this.at++;
    this.content(element, inner, depth);
    this.expect('</');
    if (this.name() !== name) refuse('an element is closed by another name');
    this.space();
    this.expect('>');
    return element;
  }

  private declared(raw: readonly [string, string][]): { declarations: Map<string, string>; own: [string, string][] } {
    const declarations = new Map<string, string>();
    const own: [string, string][] = [];
    for (const [key, value] of raw) {
      const prefix = key === 'xmlns' ? '' : key.startsWith('xmlns:') ? key.slice(6) : null;
      if (prefix === null) {
        own.push([key, value]);
        continue;
      }
      if (declarations.has(prefix)) refuse('a namespace is declared twice');
      const isReserved = prefix === 'xml' || prefix === 'xmlns' || value === XML_NAMESPACE || value === XMLNS_NAMESPACE;
      if (isReserved || (prefix !== '' && value === '')) refuse('a namespace is declared wrongly');
      // Canonical XML 1.0 leaves relative namespaces undefined.
      if (value !== '' && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(value)) refuse('a namespace is relative');
      declarations.set(prefix, value);
    }
    return { declarations, own };
  }

  private attributes(own: readonly [string, string][], scope: ReadonlyMap<string, string>): XmlAttribute[] {
    const attributes = own.map(([key, value]) => ({ ...this.resolve(key, scope, true), value }));
    const names = new Set(attributes.map(({ namespace, localName }) => `${namespace} ${localName}`));
    if (names.size !== attributes.length) refuse('an attribute is given twice');
    return attributes;
  }

  private resolve(
    name: string,
    scope: ReadonlyMap<string, string>,
    isAttribute: boolean,
  ): { prefix: string; localName: string; namespace: string } {
    const [prefix, localName] = name.includes(':') ? (name.split(':') as [string, string]) : ['', name];
    if (prefix === 'xml') return { prefix, localName, namespace: XML_NAMESPACE };
    const namespace = prefix === '' && isAttribute ? '' : (scope.get(prefix) ?? (prefix === '' ? '' : undefined));
    if (namespace === undefined) return refuse(`the prefix ${prefix} is not declared`);
    return { prefix, localName, namespace };
  }

  private content(element: XmlElement, scope: ReadonlyMap<string, string>, depth: number): void {
    let text = '';
    const flush = (): void => {
      if (text !== '') element.children.push({ kind: 'text', text });
      text = '';
    };
    for (;;) {
      if (this.at >= this.text.length) refuse('it ends too early');
      if (this.text.startsWith('</', this.at)) return flush();
      if (this.text.startsWith('<![CDATA[', this.at)) text += this.until('<![CDATA[', ']]>');
      else if (this.text.startsWith('<!--', this.at)) {
        flush();
        element.children.push({ kind: 'comment', text: this.comment() });
      } else if (this.text.startsWith('<?', this.at)) {
        flush();
        element.children.push({ kind: 'instruction', ...this.instruction() });
      } else if (this.text[this.at] === '<') {
        flush();
        element.children.push(this.element(element, scope, depth + 1));
      } else text += this.characters();
    }
  }

  private characters(): string {
    const next = this.text.indexOf('<', this.at);
    const raw = this.text.slice(this.at, next === -1 ? this.text.length : next);
    if (raw.includes(']]>')) refuse('"]]>" stands in a text');
    this.at += raw.length;
    return this.decoded(raw);
  }

  /** White space becomes spaces, but what was written as a reference stays (XML 1.0 §3.3.3, all attributes are CDATA). */
  private attributeValue(): string {
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'") return refuse('an attribute has no quotes');
    const end = this.text.indexOf(quote, this.at + 1);
    if (end === -1) return refuse('an attribute does not end');
    const raw = this.text.slice(this.at + 1, end);
    if (raw.includes('<')) refuse('"<" stands in an attribute');
    this.at = end + 1;
    return this.decoded(raw.replace(/[\t\n]/g, ' '));
  }

  private decoded(raw: string): string {
    return raw.replace(/&([^;&]{0,12};)?/g, (_whole, inside: string | undefined) => {
      const name = inside?.slice(0, -1) ?? '';
      const entity = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
      if (entity !== undefined) return entity;
      const digits = /^#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}))$/.exec(name);
      if (!digits) return refuse('an entity is not known');
      const code = digits[1] === undefined ? Number(digits[2]) : parseInt(digits[1], 16);
      if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return refuse('a character reference is wrong');
      const character = String.fromCodePoint(code);
      return FORBIDDEN.test(character) ? refuse('a character reference is wrong') : character;
    });
  }

  private comment(): string {
    const text = this.until('<!--', '-->');
    if (text.includes('--') || text.endsWith('-')) refuse('a comment is wrong');
    return text;
  }

  private instruction(): { target: string; text: string } {
    const inside = this.until('<?', '?>');
    const [, target, text] = /^(\S+)\s*([\s\S]*)$/.exec(inside) ?? [];
    if (target === undefined || /^xml$/i.test(target)) return refuse('an instruction is wrong');
    return { target, text: text ?? '' };
  }

  private until(open: string, close: string): string {
    const end = this.text.indexOf(close, this.at + open.length);
    if (end === -1) refuse('it ends too early');
    const inside = this.text.slice(this.at + open.length, end);
    this.at = end + close.length;
    return inside;
  }

  private name(): string {
    NAME.lastIndex = this.at;
    const found = NAME.exec(this.text)?.[0];
    // A document type declaration ends here as well: "!" begins no name.
    if (found === undefined) return refuse('a name is wrong');
    this.at += found.length;
    return found;
  }

  private space(): boolean {
    const before = this.at;
    while (/[ \t\n]/.test(this.text[this.at] ?? '')) this.at++;
    return this.at > before;
  }

  private expect(what: string): void {
    if (!this.text.startsWith(what, this.at)) refuse(`"${what}" is missing`);
    this.at += what.length;
  }
}
