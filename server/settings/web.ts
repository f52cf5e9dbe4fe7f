import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { isUlid } from '../../domain/ids';
import { isTwelveDigits } from '../../domain/people/numbers';
import { type Member, type OrganisationRole, organisationRoles, runsCabinet } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { maxPasswordLength, minPasswordLength, passwordProblem } from '../../services/accounts/passwords';
import { givenLifeMs, giveReset, resetLetter, resetUrl } from '../../services/accounts/reset';
import { wakeSoon } from '../../services/mail/wake';
import { changeMember, createMember } from '../../services/people/members';
import { queue } from '../../storage/outbox';
import { removeTotp } from '../../storage/queries/accounts';
import {
  accountInTrust,
  changeRole,
  endMembership,
  holderOfIin,
  listPeople,
  personById,
  restoreMembership,
} from '../../storage/queries/people';
import { liveSessions, revokeOtherSessions, revokeSession } from '../../storage/queries/sessions';
import { actOf } from '../kit/act';
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

/** What became of a link to a new password: mailed, or to be shown once. */
type GivenLink = { name: string; mailedTo: string | null; reset: string };

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
      const made = await createMember(deps, actOf(deps, req, commandId), me, parsed.data);
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
    await changeMember(deps, actOf(deps, req), me, String(req.params.id), {
      action: 'person.role_changed',
      details: { role },
      work: async (tx, personId) => {
        if ((await changeRole(tx, me.organisationId, personId, role, rev)) === 0) throw new Refusal('document.stale');
      },
    });
    await changed(req, res, 'flash.role_changed');
  });

  router.post('/settings/people/:id/active', async (req, res) => {
    const me = managerOf(req);
    const isActive = flatten(req.body).active === 'yes';
    if (req.params.id === me.personId && !isActive) throw new Refusal('person.own_account');
    if (!(await fresh(req, res))) return;
    // Whether a person works here is this organisation's to say; what they do elsewhere, and the account itself, is not.
    await changeMember(deps, actOf(deps, req), me, String(req.params.id), {
      action: isActive ? 'person.enabled' : 'person.disabled',
      details: {},
      work: async (tx, personId, member) => {
        if (!isActive) return void (await endMembership(tx, me.organisationId, personId, 'hand', deps.now()));
        if (member.iin && (await holderOfIin(tx, me.organisationId, member.iin, personId))) throw new Refusal('person.iin_taken');
        await restoreMembership(tx, me.organisationId, personId);
      },
    });
    await changed(req, res, isActive ? 'flash.person_enabled' : 'flash.person_disabled');
  });

  /** One link to a new password: by mail, or shown to the administrator once where the person has no address. */
  router.post('/settings/people/:id/password', async (req, res) => {
    const me = managerOf(req);
    if (!(await fresh(req, res))) return;
    const organisation = req.kense.session?.organisation?.name ?? '';
    const work = async (tx: Tx, personId: string): Promise<GivenLink> => {
      const [person, account] = [await personById(tx, personId), await accountInTrust(tx, me.organisationId, personId)];
      if (!person || !account) throw new Refusal('person.not_our_account');
      const id = await giveReset(deps, tx, account.id, givenLifeMs);
      if (!person.email) return { name: person.name, mailedTo: null, reset: id };
      const letter = resetLetter({ ...person, email: person.email, login: account.login, organisation }, id, givenLifeMs / 3_600_000);
      await queue(tx, [letter], deps.now());
      return { name: person.name, mailedTo: person.email, reset: id };
    };
    const given = await changeMember(deps, actOf(deps, req), me, String(req.params.id), {
      action: 'person.password_reset',
      details: {},
      work,
    });
    if (given.mailedTo) wakeSoon(deps);
    const url = given.mailedTo ? null : resetUrl(deps.config, given.reset); // made here: what is stored of a command is no secret
    await showPeople(req, res, emptyForm(), { name: given.name, mailedTo: given.mailedTo, url });
  });

  /** For somebody whose telephone is lost and whose recovery codes are gone. */
  router.post('/settings/people/:id/second-factor', async (req, res) => {
    const me = managerOf(req);
    if (!(await fresh(req, res))) return;
    await changeMember(deps, actOf(deps, req), me, String(req.params.id), {
      action: 'person.second_factor_off',
      details: {},
      work: async (tx, personId) => {
        const account = await accountInTrust(tx, me.organisationId, personId);
        if (!account) throw new Refusal('person.not_our_account');
        await removeTotp(tx, account.id);
      },
    });
    await changed(req, res, 'flash.second_factor_off');
  });

  return router;
}
