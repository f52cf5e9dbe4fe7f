import type { Request, Response } from 'express';
import { flatten } from '../kit/form';
import type { Responder } from '../kit/respond';
import type { MenuEntry } from '../kit/views';
import type { ProvePage } from './pages';

/** Fields by which a form carries the proof it was asked for, beside its own. */
const proofFields = new Set(['_csrf', 'proof_password', 'challenge', 'cms']);

/**
 * Answers a press that wants a proof first: a dialog for htmx, a page otherwise, whose form goes to the same place with everything that was
 * filled in, so that nothing is typed twice. Passwords typed for others are the one thing it does not carry.
 */
export async function askForProof(
  respond: Responder,
  req: Request,
  res: Response,
  wanted: Omit<ProvePage, 'action' | 'fields'>,
  menu: MenuEntry | null,
): Promise<void> {
  const fields = Object.entries(flatten(req.body)).filter(([name]) => !proofFields.has(name) && !/password/.test(name));
  const data = { ...wanted, action: req.originalUrl, fields: fields.map(([name, value]) => ({ name, value })) };
  if (req.kense.isHtmx) {
    res.set({ 'HX-Retarget': '#dialog', 'HX-Reswap': 'innerHTML' });
    respond.fragment(req, res, 'fragments/prove', data);
    return;
  }
  res.status(wanted.error === null ? 200 : 422);
  await respond.page(req, res, 'pages/prove', data, menu);
}
