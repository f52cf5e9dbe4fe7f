/** A posted form as flat names to strings; repeated names keep the last value, anything else is dropped. */
export type Posted = Record<string, string>;
export function flatten(body: unknown): Posted {
  const flat: Posted = {};
  if (typeof body !== 'object' || body === null) return flat;
  for (const [name, value] of Object.entries(body)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string') flat[name] = last;
  }
  return flat;
}
