export type Random = () => number;

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type PlannedStage = { kind: 'approve' | 'sign'; rule: 'all' | 'any'; people: number[] };
/** One route of the fault test; people are places in the lists of the test. */
export type PlannedRoute = {
  seed: number;
  initiator: number;
  stages: PlannedStage[];
  end: 'signed' | 'refused' | 'withdrawn';
  /** How many answer in the last stage before somebody refuses or the initiator withdraws. */
  answersBeforeEnd: number;
  /** The people of a stage answer side by side instead of one after the other. */
  isTogether: boolean;
  /** Steps of its people in all, as far as nothing has to be answered twice. */
  steps: number;
};

/** Draws routes of one or two stages with one to three people each; nobody stands on a route twice. */
export function planRoutes(seed: number, count: number, initiators: number, answerers: number): PlannedRoute[] {
  const random = randomFrom(seed * 7_919);
  const below = (n: number): number => Math.floor(random() * n);
  return Array.from({ length: count }, (_, i) => {
    const free = Array.from({ length: answerers }, (__, place) => place);
    const draw = (): number => free.splice(below(free.length), 1)[0]!;
    const stages = Array.from({ length: 1 + below(2) }, (): PlannedStage => ({
      kind: below(2) === 0 ? 'approve' : 'sign',
      rule: below(3) === 0 ? 'any' : 'all',
      people: Array.from({ length: 1 + below(3) }, draw),
    }));
    const last = stages.at(-1)!;
    const chance = random();
    const end = chance < 0.15 ? 'refused' : chance < 0.3 ? 'withdrawn' : 'signed';
    // One answer would end a stage of which any is enough.
    const answersBeforeEnd = end === 'signed' || last.rule === 'any' ? 0 : below(last.people.length);
    const inLast = end === 'signed' ? last.people.length : answersBeforeEnd + 1;
    const before = stages.slice(0, -1).reduce((sum, stage) => sum + stage.people.length, 0);
    const steps = 1 + before + inLast;
    return { seed: seed * 100_000 + i, initiator: below(initiators), stages, end, answersBeforeEnd, isTogether: below(2) === 0, steps };
  });
}
