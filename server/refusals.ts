/** HTTP status of each refusal by the beginning of its code, the longest match first; words are `errors.<code>` of the locale files. */
const statuses: readonly [prefix: string, status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 503][] = [
  ['sign_in.needed', 401],
  ['csrf', 403],
  ['forbidden', 403],
  ['route.forbidden', 403],
  ['not_found', 404],
  ['route.remark_required', 422],
  ['route.due_in_past', 422],
  ['route.too_soon', 429],
  ['route.', 409],
  ['document.missing', 404],
  ['document.forbidden', 403],
  ['document.', 409],
  ['draft.', 422],
  ['upload.too_large', 413],
  ['upload.type', 415],
  ['upload.', 422],
  ['signing.session_expired', 410],
  ['signing.session_used', 409],
  ['signing.', 422],
  ['group.switched_off', 403],
  ['group.nothing_chosen', 422],
  ['group.', 409],
  ['invitation.', 410],
  ['limited', 429],
  ['temporal_down', 503],
  ['bad_request', 400],
];

/** The status a refusal is answered with; 422 for codes of signature reports and everything else about the input. */
export const statusOf = (code: string): number => statuses.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 422;
