import type { StoredMessage } from '../../scripts/mail-sink/store';
import { servers } from './servers';
import { until } from './until';

/** Mails kept for an address, newest first; all of them without one. */
export async function mailsTo(address?: string): Promise<StoredMessage[]> {
  const query = address === undefined ? '' : `?to=${encodeURIComponent(address)}`;
  return (await (await fetch(`${servers().mailPage}/messages${query}`)).json()) as StoredMessage[];
}

/** Waits for at least `count` mails to an address. */
export function waitForMails(address: string, count = 1): Promise<StoredMessage[]> {
  return until(`${count} mails to ${address}`, async () => {
    const mails = await mailsTo(address);
    return mails.length >= count ? mails : null;
  });
}

/** Makes the mail server refuse recipients with 550, or go away altogether; concerns every suite of the run, so set it back. */
export async function mailControl(control: { refuse?: string[]; down?: boolean }): Promise<void> {
  await fetch(`${servers().mailPage}/control`, { method: 'PUT', body: JSON.stringify(control) });
}
