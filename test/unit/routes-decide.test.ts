import { decide, manualReminderPauseMs, mayAnswer, nextTimer, type RouteCommand } from '../../domain/routes/decide';
import { openRoute } from '../../domain/routes/open';
import { endOfDay, type RouteDraft } from '../../domain/routes/draft';
import { askedNow, isFinal, participantStates, routeStates, type Route } from '../../domain/routes/route';
import type { Actor, Member } from '../../domain/people/roles';

const now = Date.parse('2026-11-22T06:00:00Z');
const initiator: Member = { kind: 'member', personId: 'initiator', organisationId: 'org', role: 'employee' };
const member = (personId: string, organisationId = 'org'): Actor => ({ kind: 'member', personId, organisationId, role: 'employee' });
const guest = (participantId: string, organisationId = 'org'): Actor => ({ kind: 'guest', participantId, organisationId });

/** Stage 1: approve by lawyer and accountant (all); stage 2: sign by head or deputy (any); stage 3: sign by an outside person. */
const draft: RouteDraft = {
  stages: [
    {
      kind: 'approve',
      rule: 'all',
      due: '2026-11-30',
      people: [
        { kind: 'member', personId: 'lawyer' },
        { kind: 'member', personId: 'accountant' },
      ],
    },
    {
      kind: 'sign',
      rule: 'any',
      due: null,
      people: [
        { kind: 'member', personId: 'head' },
        { kind: 'member', personId: 'deputy' },
      ],
    },
    { kind: 'sign', rule: 'all', due: null, people: [{ kind: 'outside', name: 'Outside', email: 'o@example.kz', iin: '123456789011' }] },
  ],
  message: '',
  remindDays: 2,
};
const aRoute = (): Route => {
  let n = 0;
  return openRoute(
    draft,
    { id: 'route', documentId: 'doc', organisationId: 'org', initiatorId: 'initiator', attempt: 1, at: now },
    () => `p${n++}`,
  ).route;
};
const after = (route: Route, ...commands: RouteCommand[]): Route =>
  commands.reduce((r, command) => {
    const d = decide(r, command);
    if (!d.ok) throw new Error(d.code);
    return d.next;
  }, route);
const approve = (by: string, participantId: string): RouteCommand => ({ kind: 'approve', by: member(by), participantId, at: now });
const sign = (by: Actor, participantId: string): RouteCommand => ({ kind: 'sign', by, participantId, signatureId: 's', at: now });
const codeOf = (route: Route, command: RouteCommand): string => {
  const d = decide(route, command);
  return d.ok ? 'ok' : d.code;
};

test('sending asks the first stage and nobody else', () => {
  expect(askedNow(aRoute()).map((p) => p.personId)).toEqual(['lawyer', 'accountant']);
  expect(aRoute().stages[1]?.participants.every((p) => p.state === 'waiting')).toBe(true);
});

test('a stage with the rule "all" waits for everybody, then asks the next one', () => {
  const one = after(aRoute(), approve('lawyer', 'p0'));
  expect(one.current).toBe(0);
  const two = decide(one, approve('accountant', 'p1'));
  expect(two).toMatchObject({ ok: true, next: { current: 1, rev: 3 } });
  expect(two.ok && two.effects).toEqual([
    { kind: 'tell-initiator', of: 'answered' },
    { kind: 'invite', participantIds: ['p2', 'p3'] },
  ]);
});

test('a stage with the rule "any" passes with the first answer and releases the others', () => {
  const route = after(aRoute(), approve('lawyer', 'p0'), approve('accountant', 'p1'), sign(member('deputy'), 'p3'));
  expect(route.stages[1]?.participants.map((p) => p.state)).toEqual(['not-needed', 'done']);
  expect(askedNow(route).map((p) => p.id)).toEqual(['p4']);
  expect(codeOf(route, sign(member('head'), 'p2'))).toBe('route.not_asked');
});

test('the last answer ends the route and tells initiator and participants', () => {
  const last = decide(
    after(aRoute(), approve('lawyer', 'p0'), approve('accountant', 'p1'), sign(member('head'), 'p2')),
    sign(guest('p4'), 'p4'),
  );
  expect(last).toMatchObject({ ok: true, next: { state: 'signed', current: 3 } });
  expect(last.ok && last.effects[0]).toEqual({ kind: 'tell-initiator', of: 'signed' });
});

test('a refusal wants a remark, closes the route for everybody and cannot be undone', () => {
  const refuse = (remark: string): RouteCommand => ({ kind: 'refuse', by: member('lawyer'), participantId: 'p0', remark, at: now });
  expect(codeOf(aRoute(), refuse('  \n'))).toBe('route.remark_required');
  const route = after(aRoute(), refuse('No budget'));
  expect(route.state).toBe('refused');
  expect(route.stages.flatMap((s) => s.participants).map((p) => p.state)).toEqual([
    'refused',
    'not-needed',
    'not-needed',
    'not-needed',
    'not-needed',
  ]);
  for (const command of everyCommand()) expect(codeOf(route, command)).toBe('route.ended');
});

test.each([
  ['somebody else', approve('accountant', 'p0'), 'route.forbidden'],
  ['a stranger', approve('nobody', 'p0'), 'route.forbidden'],
  [
    'the same person of another organisation',
    { kind: 'approve', by: member('lawyer', 'other'), participantId: 'p0', at: now },
    'route.forbidden',
  ],
  ['an unknown place', approve('lawyer', 'p9'), 'route.forbidden'],
  ['a guest for a member', { kind: 'approve', by: guest('p4'), participantId: 'p0', at: now }, 'route.forbidden'],
  ['a later stage', sign(member('head'), 'p2'), 'route.not_asked'],
  ['signing where approval is asked', sign(member('lawyer'), 'p0'), 'route.wrong_kind'],
] as [string, RouteCommand, string][])('%s may not answer', (_who, command, code) => {
  expect(codeOf(aRoute(), command)).toBe(code);
});

test('nobody answers twice', () => {
  expect(codeOf(after(aRoute(), approve('lawyer', 'p0')), approve('lawyer', 'p0'))).toBe('route.already_answered');
});

test('only the initiator or who runs the cabinet withdraws', () => {
  expect(codeOf(aRoute(), { kind: 'withdraw', by: member('lawyer'), at: now })).toBe('route.forbidden');
  expect(after(aRoute(), { kind: 'withdraw', by: initiator, at: now }).state).toBe('withdrawn');
  expect(after(aRoute(), { kind: 'withdraw', by: { ...initiator, personId: 'boss', role: 'owner' }, at: now }).state).toBe('withdrawn');
  expect(
    codeOf(aRoute(), { kind: 'withdraw', by: { kind: 'member', personId: 'boss', organisationId: 'other', role: 'owner' }, at: now }),
  ).toBe('route.forbidden');
});

test('a stage expires at the end of its day in UTC+5 and not before', () => {
  const due = endOfDay('2026-11-30');
  expect(new Date(due).toISOString()).toBe('2026-11-30T18:59:59.999Z');
  const expire = (at: number, position = 0): RouteCommand => ({ kind: 'expire', by: { kind: 'system' }, position, at });
  expect(codeOf(aRoute(), expire(due - 1))).toBe('route.not_due');
  expect(codeOf(aRoute(), expire(due, 1))).toBe('route.not_due');
  expect(after(aRoute(), expire(due)).state).toBe('expired');
});

test('reminders come when due; by hand at most once in ten minutes', () => {
  const route = aRoute();
  const twoDays = 2 * 86_400_000;
  expect(nextTimer(route)).toEqual({ at: now + twoDays, kind: 'remind' });
  expect(codeOf(route, { kind: 'remind', by: { kind: 'system' }, at: now + twoDays - 1 })).toBe('route.not_due');
  const reminded = after(route, { kind: 'remind', by: { kind: 'system' }, at: now + twoDays });
  expect(nextTimer(reminded)).toEqual({ at: now + 2 * twoDays, kind: 'remind' });
  const byHand = after(route, { kind: 'remind', by: initiator, at: now });
  expect(codeOf(byHand, { kind: 'remind', by: initiator, at: now + manualReminderPauseMs - 1 })).toBe('route.too_soon');
  expect(codeOf(byHand, { kind: 'remind', by: initiator, at: now + manualReminderPauseMs })).toBe('ok');
  expect(codeOf(route, { kind: 'remind', by: member('lawyer'), at: now })).toBe('route.forbidden');
});

test('a deadline may be moved by the initiator, never into the past or for a stage that has passed', () => {
  const extend = (position: number, dueAt: number | null, by: Actor = initiator): RouteCommand => ({
    kind: 'extend',
    by,
    position,
    dueAt,
    at: now,
  });
  expect(after(aRoute(), extend(0, now + 1)).stages[0]?.dueAt).toBe(now + 1);
  expect(codeOf(aRoute(), extend(0, now))).toBe('route.due_in_past');
  expect(codeOf(aRoute(), extend(0, null, member('lawyer')))).toBe('route.forbidden');
  expect(codeOf(after(aRoute(), approve('lawyer', 'p0'), approve('accountant', 'p1')), extend(0, null))).toBe('route.ended');
});

test('deciding never changes the state it was given', () => {
  const route = aRoute();
  const before = JSON.stringify(route);
  for (const command of everyCommand()) decide(route, command);
  expect(JSON.stringify(route)).toBe(before);
});

test('whoever may answer is accepted, whoever may not is refused: buttons and rules agree', () => {
  for (const route of [
    aRoute(),
    after(aRoute(), approve('lawyer', 'p0')),
    after(aRoute(), approve('lawyer', 'p0'), approve('accountant', 'p1')),
  ]) {
    for (const person of ['lawyer', 'accountant', 'head', 'deputy', 'initiator']) {
      for (const p of route.stages.flatMap((s) => s.participants)) {
        const may = mayAnswer(route, member(person), p.id);
        if (!may.ok) expect(codeOf(route, sign(member(person), p.id))).not.toBe('ok');
        else expect(codeOf(route, { kind: may.stage.kind, by: member(person), participantId: p.id, signatureId: 's', at: now })).toBe('ok');
      }
    }
  }
});

test('random commands never reach an illegal state', () => {
  let seed = 42;
  const random = (n: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
  for (let run = 0; run < 300; run++) {
    let route = aRoute();
    for (let step = 0; step < 25; step++) {
      const commands = everyCommand();
      const d = decide(route, commands[random(commands.length)] as RouteCommand);
      if (!d.ok) continue;
      expect(d.next.rev).toBe(route.rev + 1);
      route = d.next;
      expectLegal(route);
    }
  }
});

function expectLegal(route: Route): void {
  expect(routeStates).toContain(route.state);
  const people = route.stages.flatMap((s, i) => s.participants.map((p) => ({ ...p, stage: i })));
  for (const p of people) expect(participantStates).toContain(p.state);
  if (isFinal(route)) expect(people.filter((p) => p.state === 'asked' || p.state === 'waiting')).toEqual([]);
  else {
    expect(askedNow(route).length).toBeGreaterThan(0);
    expect(people.filter((p) => p.state === 'asked').every((p) => p.stage === route.current)).toBe(true);
    expect(people.filter((p) => p.state === 'waiting').every((p) => p.stage > route.current)).toBe(true);
  }
  expect(people.filter((p) => p.state === 'refused').length).toBe(route.state === 'refused' ? 1 : 0);
}

function everyCommand(): RouteCommand[] {
  const people = ['lawyer', 'accountant', 'head', 'deputy'].map((id) => member(id));
  const answers = [...people, guest('p4')].flatMap((by) =>
    ['p0', 'p1', 'p2', 'p3', 'p4'].flatMap((participantId): RouteCommand[] => [
      { kind: 'approve', by, participantId, at: now },
      { kind: 'sign', by, participantId, signatureId: 's', at: now },
    ]),
  );
  return [
    ...answers,
    { kind: 'refuse', by: member('head'), participantId: 'p2', remark: 'no', at: now },
    { kind: 'refuse', by: guest('p4'), participantId: 'p4', remark: 'no', at: now },
    { kind: 'withdraw', by: initiator, at: now },
    { kind: 'remind', by: initiator, at: now },
    { kind: 'extend', by: initiator, position: 1, dueAt: now + 5, at: now },
    { kind: 'expire', by: { kind: 'system' }, position: 1, at: now + 10 },
  ];
}
