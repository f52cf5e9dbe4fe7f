import type { XmlElement, XmlNode } from './reader';

export interface CanonicalOptions {
  readonly comments: boolean;
  /** An element left out with all it holds: the signature itself, for an enveloped signature. */
  readonly without?: XmlElement;
}

/**
 * Canonical XML 1.0, inclusive, of an element and all it holds (https://www.w3.org/TR/2001/REC-xml-c14n-20010315), UTF-8. An element that
 * is not the root of its document brings the namespaces and xml: attributes of its ancestors along (§2.4).
 */
export function canonicalXml(element: XmlElement, options: CanonicalOptions): Uint8Array {
  const out: string[] = [];
  write(element, new Map(), inherited(element), options, out);
  return Uint8Array.from(Buffer.from(out.join(''), 'utf8'));
}

/** Namespaces in scope, with attributes of the xml: namespace, as an apex element inherits them. */
interface Inherited {
  readonly namespaces: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, string>;
}

function inherited(element: XmlElement): Inherited {
  const ancestors: XmlElement[] = [];
  for (let parent = element.parent; parent; parent = parent.parent) ancestors.unshift(parent);
  const namespaces = new Map(ancestors.flatMap(({ declarations }) => [...declarations]));
  const attributes = new Map(
    ancestors.flatMap((each) =>
      each.attributes.filter(({ prefix }) => prefix === 'xml').map(({ localName, value }) => [localName, value] as const),
    ),
  );
  return { namespaces, attributes };
}

/** `rendered`: namespaces the output has in force here. */
function write(
  element: XmlElement,
  rendered: ReadonlyMap<string, string>,
  apex: Inherited | null,
  options: CanonicalOptions,
  out: string[],
): void {
  const name = qualified(element.prefix, element.localName);
  const declared = new Map([...(apex?.namespaces ?? []), ...element.declarations]);
  const fresh = [...declared].filter(([prefix, value]) => (rendered.get(prefix) ?? '') !== value).sort(([a], [b]) => compare(a, b));
  const own = element.attributes.map(({ prefix, localName, namespace, value }) => ({ prefix, localName, namespace, value }));
  for (const [localName, value] of apex?.attributes ?? [])
    if (!own.some((each) => each.prefix === 'xml' && each.localName === localName))
      own.push({ prefix: 'xml', localName, namespace: 'http://www.w3.org/XML/1998/namespace', value });
  own.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.localName, b.localName));
  out.push(
    '<',
    name,
    ...fresh.map(([prefix, value]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${attributeText(value)}"`),
    ...own.map((each) => ` ${qualified(each.prefix, each.localName)}="${attributeText(each.value)}"`),
    '>',
  );
  const inForce = fresh.length === 0 ? rendered : new Map([...rendered, ...fresh]);
  for (const child of element.children) writeNode(child, inForce, options, out);
  out.push('</', name, '>');
}

function writeNode(node: XmlNode, rendered: ReadonlyMap<string, string>, options: CanonicalOptions, out: string[]): void {
  switch (node.kind) {
    case 'element':
      if (node !== options.without) write(node, rendered, null, options, out);
      return;
    case 'text':
      out.push(node.text.replace(/[&<>\r]/g, (letter) => TEXT_ESCAPES[letter] ?? letter));
      return;
    case 'comment':
      if (options.comments) out.push('<!--', node.text, '-->');
      return;
    case 'instruction':
      out.push('<?', node.target, node.text === '' ? '' : ` ${node.text}`, '?>');
  }
}

const qualified = (prefix: string, localName: string): string => (prefix === '' ? localName : `${prefix}:${localName}`);
/** By code points, as the standard orders names. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
const TEXT_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };
const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};
const attributeText = (value: string): string => value.replace(/[&<"\t\n\r]/g, (letter) => ATTRIBUTE_ESCAPES[letter] ?? letter);
