import type { Pages } from '../../server/kit/views';

/** One page with data; the label is unique and names the screenshot. */
export type Sample = { [Name in keyof Pages]: { name: Name; label: string; data: Pages[Name] } }[keyof Pages];

/** A sample whose data fits its page. */
export const samplePage = <Name extends keyof Pages>(name: Name, label: string, data: Pages[Name]): Sample =>
  ({ name, label, data }) as unknown as Sample;
