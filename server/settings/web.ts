import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import { isTwelveDigits } from '../../domain/people/numbers';
import { type Member, type OrganisationRole, organisationRoles, runsCabinet } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { hashPassword, maxPasswordLength, minPasswordLength, passwordProblem } from '../../services/accounts/passwords';
import { givenLifeMs, giveReset, resetLetter, resetUrl } from '../../services/accounts/reset';
import { wakeSoon } from '../../services/mail/wake';
import { appendAudit, auditActor } from '../../storage/audit';
import { once } from '../../storage/commands';
import { queue } from '../../storage/outbox';
import { removeTotp } from '../../storage/queries/accounts';
import {
  accountInTrust,
  changeRole,
  countOwners,
  createPerson,
  endMembership,
  holderOfIin,
  insertMembership,
  listPeople,
  lockMember,
  lockPeopleOf,
  personById,
  restoreMembership,
} from '../../storage/queries/people';
import { liveSessions, revokeOtherSessions, revokeSession } from '../../storage/queries/sessions';
import { commandOf } from '../kit/command';
import { memberOf, type WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import { type FreshProof, managerOf } from '../kit/guards';
import { requireWholeNumber } from '../kit/input';
import type { Responder } from '../kit/respond';
import type { FieldErrors } from '../kit/views';
import type { NewPersonForm, PeoplePage } from './pages';
import { describeAgent } from './user-agent';
import type { Tx } from '../../storage/db';

const peopleShown = 200;

/** Roles this manager may give: an administrator cannot make owners. */
const grantable = (me: Member): OrganisationRole[] => organisationRoles.filter((role) => me.role === 'owner' || role !== 'owner');

const personForm = z.object({
  login: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9._@-]{3,120}$/),
  name: z.string().trim().min(1).max(200),
  email: z.union([z.literal(''), z.email().max(254)]),
  iin: z.string().refine((v) => v === '' || isTwelveDigits(v)),
  position: z.string().trim().max(200),
  role: z.enum(organisationRoles),
  password: z.string().min(minPasswordLength).max(maxPasswordLength),
});

/** Own sessions for everybody; people of the organisation for owners and administrators. */
export function settingsRoutes(deps: WebDeps, respond: Responder, fresh: FreshProof): Router {
  const router = Router();

  router.get('/settings', (req, res) => res.redirect(303, runsCabinet(memberOf(req)) ? '/settings/people' : '/settings/sessions'));

  router.get('/settings/sessions', async (req, res) => {
    memberOf(req);
    const { session } = req.kense;
    if (!session?.organisation) throw new Refusal('sign_in.needed');
    const rows = await liveSessions(deps.db, session.person.id, deps.config.session, deps.now());
    await respond.page(
      req,
      res,
      'pages/settings/sessions',
      {
        person: {
          name: session.person.name,
          login: session.account.login,
          email: session.person.email,
          position: session.organisation.position || null,
          role: session.organisation.role,
          source: session.account.source === 'ldap' ? 'directory' : 'local',
        },
        sessions: rows.map((row) => ({
          id: row.id,
          ...describeAgent(row.userAgent),
          address: row.address,
          startedAt: row.createdAt.toISOString(),
          seenAt: row.seenAt.toISOString(),
          isCurrent: row.id === session.id,
        })),
      },
      'settings',
    );
  });

  router.post('/settings/sessions/end-others', async (req, res) => {
    memberOf(req);
    const { session } = req.kense;
    if (session) await revokeOtherSessions(deps.db, session.person.id, session.id, deps.now());
    respond.go(req, res, '/settings/sessions', { tone: 'ok', key: 'flash.sessions_ended' });
  });

  router.post('/settings/sessions/:id/end', async (req, res) => {
    const me = memberOf(req);
    const { id } = req.params;
    if (!isUlid(id) || (await revokeSession(deps.db, me.personId, id, deps.now())) === 0) throw new Refusal('not_found');
    respond.go(req, res, '/settings/sessions', { tone: 'ok', key: 'flash.session_ended' });
  });

  const emptyForm = (): NewPersonForm => ({
    command: deps.newId(),
    login: '',
    name: '',
    email: '',
    iin: '',
    position: '',
    role: 'employee',
    errors: {},
    isOpen: false,
  });
  const showPeople = async (req: Request, res: Response, form: NewPersonForm, given: PeoplePage['given'] = null): Promise<void> => {
    const me = managerOf(req);
    const q = typeof req.query.q === 'string' ? req.query.q.trim().slice(0, 100) : '';
    const rows = await listPeople(deps.db, me.organisationId, q, peopleShown);
    const data: PeoplePage = {
      q,
      people: rows.map((row) => ({
        id: row.id,
        rev: row.rev,
        name: row.name,
        login: row.login,
        email: row.email,
        position: row.position || null,
        role: row.role,
        source: row.source === 'ldap' ? 'directory' : 'local',
        isActive: row.endedAt === null,
        isEndedByDirectory: row.endedBy === 'directory',
        isOwnAccount: Boolean(row.isOwnAccount),
        isRoleByDirectory: row.roleSource === 'directory',
        isReader: row.id === me.personId,
        lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
      })),
      pager: { previous: null, next: null, shown: rows.length, total: rows.length, isTotalCapped: rows.length === peopleShown },
      form,
      roles: grantable(me),
      given,
    };
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/settings/people', data);
    else await respond.page(req, res, 'pages/settings/people', data, 'settings');
  };

  /** After a change: the list as it is now; a browser without script, or one that was asked for a proof, is led back to it. */
  const changed = async (req: Request, res: Response, key: string): Promise<void> => {
    if (req.kense.isHtmx) return showPeople(req, res, emptyForm());
    respond.go(req, res, '/settings/people', { tone: 'ok', key });
  };

  router.get('/settings/people', async (req, res) => showPeople(req, res, emptyForm()));

  router.post('/settings/people', async (req, res) => {
    const me = managerOf(req);
    if (!(await fresh(req, res))) return;
    const commandId = commandOf(req);
    const posted = flatten(req.body);
    const parsed = personForm.safeParse(posted);
    const errors: FieldErrors = {};
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        errors[String(issue.path[0])] ??= { code: `person.bad_${String(issue.path[0])}`, params: { min: minPasswordLength } };
    }
    if (parsed.success && !grantable(me).includes(parsed.data.role)) errors.role = { code: 'person.bad_role' };
    if (parsed.success) {
      const problem = passwordProblem(parsed.data.password, [parsed.data.login, parsed.data.name]);
      if (problem) errors.password = { code: problem, params: { min: minPasswordLength } };
    }
    if (parsed.success && Object.keys(errors).length === 0) {
      const made = await createMember(deps, req, me, parsed.data, commandId);
      if (made === 'created') {
        return changed(req, res, 'flash.person_created');
      }
      if (made === 'iin-taken') errors.iin = { code: 'person.iin_taken' };
      else errors.login = { code: 'person.login_taken' };
    }
    res.status(422);
    const kept = (name: string): string => (posted[name] ?? '').slice(0, 300);
    const role = organisationRoles.find((r) => r === posted.role) ?? 'employee';
    await showPeople(req, res, {
      command: commandId,
      login: kept('login'),
      name: kept('name'),
      email: kept('email'),
      iin: kept('iin'),
      position: kept('position'),
      role,
      errors,
      isOpen: true,
    });
  });

  router.post('/settings/people/:id/role', async (req, res) => {
    const me = managerOf(req);
    if (!(await fresh(req, res))) return;
    const posted = flatten(req.body);
    const role = organisationRoles.find((r) => r === posted.role);
    if (!role || !grantable(me).includes(role)) throw new Refusal('person.bad_role');
    const rev = requireWholeNumber(posted.rev);
    await changeMember(deps, req, me, String(req.params.id), 'person.role_changed', { role }, async (tx, personId) => {
      if ((await changeRole(tx, me.organisationId, personId, role, rev)) === 0) throw new Refusal('document.stale');
    });
    await changed(req, res, 'flash.role_changed');
  });

  router.post('/settings/people/:id/active', async (req, res) => {
    const me = managerOf(req);
    const isActive = flatten(req.body).active === 'yes';
    if (req.params.id === me.personId && !isActive) throw new Refusal('person.own_account');
    if (!(await fresh(req, res))) return;
    // Whether a person works here is this organisation's to say; what they do elsewhere, and the account itself, is not.
    await changeMember(
      deps,
      req,
      me,
      String(req.params.id),
      isActive ? 'person.enabled' : 'person.disabled',
      {},
      async (tx, personId, member) => {
        if (!isActive) return void (await endMembership(tx, me.organisationId, personId, 'hand', deps.now()));
        if (member.iin && (await holderOfIin(tx, me.organisationId, member.iin, personId))) throw new Refusal('person.iin_taken');
        await restoreMembership(tx, me.organisationId, personId);
      },
    );
    await changed(req, res, isActive ? 'flash.person_enabled' : 'flash.person_disabled');
  });

  /** One link to a new password: by mail, or shown to the administrator once where the person has no address. */
  router.post('/settings/people/:id/password', async (req, res) => {
    const me = managerOf(req);
    if (!(await fresh(req, res))) return;
    const given = await changeMember(deps, req, me, String(req.params.id), 'person.password_reset', {}, async (tx, personId) => {
      const [person, account] = [await personById(tx, personId), await accountInTrust(tx, me.organisationId, personId)];
      if (!person || !account) throw new Refusal('person.not_our_account');
      const id = await giveReset(deps, tx, account.id, givenLifeMs);
      if (!person.email) return { name: person.name, mailedTo: null, reset: id };
      const letter = resetLetter(
        { ...person, email: person.email, login: account.login, organisation: req.kense.session?.organisation?.name ?? '' },
        id,
        givenLifeMs / 3_600_000,
      );
      await queue(tx, [letter], deps.now());
      return { name: person.name, mailedTo: person.email, reset: id };
    });
    if (given?.mailedTo) wakeSoon(deps);
    const url = given && !given.mailedTo ? resetUrl(deps.config, given.reset) : null; // made here: what is stored of a command is no secret
    await showPeople(req, res, emptyForm(), given && { name: given.name, mailedTo: given.mailedTo, url });
  });

  /** For somebody whose telephone is lost and whose recovery codes are gone. */
  router.post('/settings/people/:id/second-factor', async (req, res) => {
    const me = managerOf(req);
    if (!(await fresh(req, res))) return;
    await changeMember(deps, req, me, String(req.params.id), 'person.second_factor_off', {}, async (tx, personId) => {
      const account = await accountInTrust(tx, me.organisationId, personId);
      if (!account) throw new Refusal('person.not_our_account');
      await removeTotp(tx, account.id);
    });
    await changed(req, res, 'flash.second_factor_off');
  });

  return router;
}

async function createMember(
  deps: WebDeps,
  req: Request,
  me: Member,
  person: z.output<typeof personForm>,
  commandId: string,
): Promise<'created' | 'taken' | 'iin-taken'> {
  const passwordHash = await hashPassword(person.password);
  const now = deps.now();
  try {
    return await deps.inTx((tx) =>
      once(
        tx,
        {
          id: commandId,
          organisationId: me.organisationId,
          actor: me.personId,
          kind: 'person.created',
          entityId: me.organisationId,
          at: now,
        },
        async () => {
          await lockPeopleOf(tx, me.organisationId);
          if (person.iin && (await holderOfIin(tx, me.organisationId, person.iin))) throw new Taken('iin-taken');
          const made = await createPerson(
            tx,
            { name: person.name, email: person.email || null, iin: person.iin || null },
            { login: person.login, source: 'local', passwordHash, organisationId: me.organisationId, mustChange: true },
            now,
          );
          if (made === 'taken') throw new Taken('taken');
          await insertMembership(
            tx,
            {
              organisationId: me.organisationId,
              personId: made.personId,
              role: person.role,
              roleSource: 'hand',
              position: person.position,
            },
            now,
          );
          await appendAudit(tx, {
            organisationId: me.organisationId,
            at: now,
            actor: auditActor(me, req.kense.session?.person.name ?? ''),
            action: 'person.created',
            entityKind: 'person',
            entityId: made.personId,
            commandId,
            details: { login: person.login, role: person.role },
          });
          return 'created' as const;
        },
      ),
    );
  } catch (error) {
    if (error instanceof Taken) return error.what;
    throw error;
  }
}
class Taken extends Error {
  constructor(readonly what: 'taken' | 'iin-taken') {
    super(what);
  }
}

type Locked = NonNullable<Awaited<ReturnType<typeof lockMember>>>;

/** Changes one member inside a transaction; nobody but an owner touches owners, and the last owner stays. */
async function changeMember<Result>(
  deps: WebDeps,
  req: Request,
  me: Member,
  personId: string,
  action: string,
  details: Record<string, unknown>,
  work: (tx: Tx, personId: string, member: Locked) => Promise<Result>,
): Promise<Result | null> {
  const commandId = commandOf(req);
  const now = deps.now();
  return deps.inTx((tx) =>
    once<Result | null>(
      tx,
      { id: commandId, organisationId: me.organisationId, actor: me.personId, kind: action, entityId: personId.slice(0, 26), at: now },
      async () => {
        await lockPeopleOf(tx, me.organisationId);
        const member = isUlid(personId) ? await lockMember(tx, me.organisationId, personId) : null;
        if (!member) throw new Refusal('not_found');
        if (member.role === 'owner' && me.role !== 'owner') throw new Refusal('forbidden');
        const result = await work(tx, personId, member);
        if (member.role === 'owner' && (await countOwners(tx, me.organisationId)) === 0) throw new Refusal('person.last_owner');
        await appendAudit(tx, {
          organisationId: me.organisationId,
          at: now,
          actor: auditActor(me, req.kense.session?.person.name ?? ''),
          action,
          entityKind: 'person',
          entityId: personId,
          commandId,
          details,
        });
        return result;
      },
    ),
  );
}
