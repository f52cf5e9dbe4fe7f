import { type Request, type Response, Router } from 'express';
import QRCode from 'qrcode';
import { freshProofMs } from '../../domain/people/proofs';
import { Refusal } from '../../domain/refusals';
import { signInLimits } from '../../services/accounts/limits';
import { hashPassword } from '../../services/accounts/passwords';
import { passwordChanged } from '../../services/accounts/reset';
import {
  enrolment,
  newRecoveryCode,
  newSecret,
  openSecret,
  recoveryCodes,
  recoveryDigest,
  sealSecret,
  stepOf,
} from '../../services/accounts/second-factor';
import { checkSignIn } from '../../services/accounts/sign-in';
import { wakeSoon } from '../../services/mail/wake';
import type { ErrorRef } from '../../services/texts/types';
import { appendAudit } from '../../storage/audit';
import { codesLeft, confirmTotp, proposeTotp, removeTotp, replaceCodes, setPassword, useTotpStep } from '../../storage/queries/accounts';
import { type Account, accountById, accountOf } from '../../storage/queries/people';
import { noteProof, type Session } from '../../storage/queries/sessions';
import { installation } from '../../storage/queries/settings';
import type { WebDeps } from '../kit/context';
import { visitOf } from '../kit/devices';
import { flatten } from '../kit/form';
import type { FreshProof } from '../kit/guards';
import { readNewPassword } from '../kit/new-password';
import type { Responder } from '../kit/respond';
import type { Tx } from '../../storage/db';

const sessionOf = (req: Request): Session => {
  const { session } = req.kense;
  if (!session) throw new Refusal('sign_in.needed');
  return session;
};

/** Whoever still has the password somebody else chose may do nothing but choose their own. */
export const owesPassword = (session: Session | null): boolean => session !== null && session.proof !== 'key' && session.account.mustChange;

/** One's own password and second factor; open to whoever has a session, also before an organisation is chosen. */
export function ownAccountRoutes(deps: WebDeps, respond: Responder, fresh: FreshProof): Router {
  const router = Router();
  const limits = signInLimits(deps);

  const localAccount = async (session: Session): Promise<Account> => {
    const account = await accountOf(deps.db, session.person.id, 'local');
    if (!account || account.disabledAt) throw new Refusal('person.no_password_here');
    return account;
  };
  /** Somebody who has just shown their key may set a password without the old one. */
  const asksCurrent = (session: Session): boolean =>
    !(session.proof === 'key' && deps.now().getTime() - session.provedAt.getTime() <= freshProofMs);

  const showPassword = async (req: Request, res: Response, session: Session, errors: Record<string, ErrorRef>): Promise<void> => {
    const account = await localAccount(session);
    res.set('Cache-Control', 'no-store');
    const data = {
      action: '/settings/password',
      login: account.login,
      asksCurrent: asksCurrent(session),
      isFirst: owesPassword(session),
      errors,
    };
    await respond.page(req, res, 'pages/new-password', data, 'settings');
  };

  router.get('/settings/password', async (req, res) => showPassword(req, res, sessionOf(req), {}));

  router.post('/settings/password', async (req, res) => {
    const session = sessionOf(req);
    const account = await localAccount(session);
    const read = readNewPassword(req.body, [account.login, session.person.name]);
    const errors: Record<string, ErrorRef> = read.ok ? {} : { ...read.errors };
    const current = (flatten(req.body).current ?? '').slice(0, 1_000);
    if (read.ok && asksCurrent(session)) {
      const outcome = await checkSignIn(deps, limits, visitOf(req, deps.config), account.login, current);
      if (!outcome.ok)
        errors.current =
          outcome.code === 'sign_in.limited'
            ? { code: outcome.code, params: { minutes: outcome.minutes } }
            : { code: 'sign_in.wrong_password' };
      else if (current === read.password) errors.password = { code: 'person.same_password' };
    }
    if (!read.ok || Object.keys(errors).length > 0) {
      res.status(422);
      return showPassword(req, res, session, errors);
    }
    const hash = await hashPassword(read.password);
    await deps.inTx(async (tx) => {
      await setPassword(tx, account.id, { hash, mustChange: false }, deps.now());
      await passwordChanged(deps, tx, account, { by: 'owner', keptSession: session.id, address: req.ip ?? '' });
    });
    wakeSoon(deps);
    respond.go(req, res, session.organisation ? '/settings/sessions' : '/sign-in/organisation', {
      tone: 'ok',
      key: 'flash.password_changed',
    });
  });

  const showFactor = async (
    req: Request,
    res: Response,
    account: Account,
    extra: { codes?: string[]; error?: ErrorRef; secret?: Uint8Array } = {},
  ): Promise<void> => {
    const secret =
      extra.secret ?? (account.totp && !account.totp.since ? openSecret(deps.config.secrets, account.id, account.totp.secret) : null);
    const told = secret && enrolment(secret, account.login, new URL(deps.config.publicUrl).hostname);
    res.set('Cache-Control', 'no-store');
    await respond.page(
      req,
      res,
      'pages/settings/second-factor',
      {
        since: account.totp?.since?.toISOString() ?? null,
        codesLeft: account.totp?.since ? await codesLeft(deps.db, account.id) : 0,
        enrolment: told && {
          base32: told.base32.replace(/(.{4})(?=.)/g, '$1 '),
          qr: await QRCode.toDataURL(told.uri, { margin: 1, scale: 5 }),
        },
        codes: extra.codes ?? null,
        error: extra.error ?? null,
        command: deps.newId(),
      },
      'settings',
    );
  };
  const accountOfSession = async (session: Session): Promise<Account> => {
    const account = await accountById(deps.db, session.account.id);
    if (!account) throw new Refusal('not_found');
    return account;
  };
  const note = (
    tx: Tx,
    session: Session,
    action: 'person.second_factor_on' | 'person.second_factor_off' | 'person.recovery_codes_made',
    login: string,
  ): Promise<void> =>
    appendAudit(tx, {
      organisationId: session.organisation?.id ?? installation,
      at: deps.now(),
      actor: { kind: 'member', id: session.person.id, name: session.person.name },
      action,
      entityId: session.person.id,
      commandId: deps.newId(),
      details: { login },
    });
  const makeCodes = (): { codes: string[]; digests: Buffer[] } => {
    const codes = Array.from({ length: recoveryCodes }, newRecoveryCode);
    return { codes, digests: codes.map(recoveryDigest) };
  };

  router.get('/settings/second-factor', async (req, res) => showFactor(req, res, await accountOfSession(sessionOf(req))));

  router.post('/settings/second-factor/begin', async (req, res) => {
    const session = sessionOf(req);
    if (!(await fresh(req, res))) return;
    const account = await accountOfSession(session);
    if (account.totp?.since) throw new Refusal('sign_in.factor_on');
    const secret = newSecret();
    await deps.inTx((tx) => proposeTotp(tx, account.id, sealSecret(deps.config.secrets, account.id, secret)));
    respond.go(req, res, '/settings/second-factor');
  });

  router.post('/settings/second-factor/confirm', async (req, res) => {
    const session = sessionOf(req);
    const account = await accountOfSession(session);
    if (!account.totp || account.totp.since) return respond.go(req, res, '/settings/second-factor');
    const secret = openSecret(deps.config.secrets, account.id, account.totp.secret);
    const counted = await limits.beginCode(account.id);
    const step = counted.ok ? stepOf(secret, flatten(req.body).code ?? '', deps.now()) : null;
    if (!counted.ok || step === null || !(await useTotpStep(deps.db, account.id, step))) {
      res.status(422);
      const error = counted.ok ? { code: 'sign_in.bad_code' } : { code: 'sign_in.limited', params: { minutes: counted.minutes } };
      return showFactor(req, res, account, { secret, error });
    }
    await counted.attempt.succeeded();
    const { codes, digests } = makeCodes();
    await deps.inTx(async (tx) => {
      await confirmTotp(tx, account.id, step, digests, deps.now());
      await note(tx, session, 'person.second_factor_on', account.login);
    });
    await noteProof(deps.db, session.id, { proof: 'two-factor', key: null }, deps.now());
    await showFactor(req, res, await accountOfSession(session), { codes });
  });

  router.post('/settings/second-factor/codes', async (req, res) => {
    const session = sessionOf(req);
    if (!(await fresh(req, res))) return;
    const account = await accountOfSession(session);
    if (!account.totp?.since) return respond.go(req, res, '/settings/second-factor');
    const { codes, digests } = makeCodes();
    await deps.inTx(async (tx) => {
      await replaceCodes(tx, account.id, digests);
      await note(tx, session, 'person.recovery_codes_made', account.login);
    });
    await showFactor(req, res, account, { codes });
  });

  router.post('/settings/second-factor/off', async (req, res) => {
    const session = sessionOf(req);
    if (!(await fresh(req, res))) return;
    const account = await accountOfSession(session);
    await deps.inTx(async (tx) => {
      await removeTotp(tx, account.id);
      if (account.totp?.since) await note(tx, session, 'person.second_factor_off', account.login);
    });
    respond.go(req, res, '/settings/second-factor', { tone: 'ok', key: 'flash.second_factor_off' });
  });

  return router;
}
