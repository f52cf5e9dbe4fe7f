/** A type that the code has for the texts of a column, `from` a file as the schema sees it; without `from` it is written out where it stands. */
type DomainType = { name: string; from?: string };

const from = (file: string, names: Record<string, string>): Record<string, DomainType> =>
  Object.fromEntries(Object.entries(names).map(([column, name]) => [column, { name, from: file }]));
const oneOf = (...texts: string[]): DomainType => ({ name: texts.map((text) => `'${text}'`).join(' | ') });

const mailState = oneOf('queued', 'retrying', 'sent', 'refused', 'failed');

/** Columns whose texts are of a closed set, as `table.column`. The database holds most of them to it by CHECK, the code writes no others. */
export const domainTypes: Record<string, DomainType> = {
  ...from('../domain/languages', {
    'people.language': 'Lang',
    'route_participants.language': 'Lang',
    'mail_deliveries.language': 'Lang',
    'outbox.language': 'Lang',
  }),
  ...from('../domain/documents/document', {
    'documents.state': 'DocumentState',
    'documents.kind': 'DocumentKind',
    'documents.direction': 'Direction',
  }),
  ...from('../domain/routes/route', {
    'routes.state': 'RouteState',
    'route_stages.kind': 'StageKind',
    'route_stages.rule': 'StageRule',
    'route_participants.state': 'ParticipantState',
    'signing_group_items.kind': 'StageKind',
  }),
  ...from('../domain/groups/group', {
    'signing_groups.purpose': 'GroupPurpose',
    'signing_groups.state': 'GroupState',
    'signing_group_items.state': 'ItemState',
  }),
  ...from('../domain/phone/session', { 'phone_sessions.purpose': 'PhonePurpose', 'phone_sessions.state': 'PhoneState' }),
  ...from('../domain/signing/challenge', { 'challenges.purpose': 'ChallengePurpose' }),
  ...from('../domain/people/roles', { 'memberships.role': 'OrganisationRole' }),
  ...from('../domain/people/proofs', { 'sessions.proof': 'Proof' }),
  ...from('./outbox', { 'outbox.template': 'OutboxTemplate' }),
  ...from('./queries/mail', { 'mail_deliveries.template': 'MailTemplate' }),
  'people.theme': oneOf('', 'light', 'dark'),
  'people.menu': oneOf('wide', 'narrow'),
  'sessions.source': oneOf('local', 'ldap', 'eds', 'qr'),
  'accounts.source': oneOf('local', 'ldap'),
  'memberships.role_source': oneOf('hand', 'directory'),
  'memberships.ended_by': oneOf('hand', 'directory'),
  'signing_groups.key_digest': oneOf('streebog512', 'sha256'),
  'evidence.state': oneOf('gathering', 'complete', 'given-up'),
  'evidence.verdict': oneOf('valid', 'invalid', 'indeterminate'),
  'signatures.state': oneOf('received', 'accepted'),
  'signatures.verdict': oneOf('valid', 'invalid', 'indeterminate'),
  'phone_sessions.auth_type': oneOf('None', 'Token', 'Eds'),
  'phone_sessions.sign_method': oneOf('CMS_SIGN_ONLY', 'CMS_WITH_DATA', 'XML'),
  'phone_items.state': oneOf('waiting', 'sent', 'done', 'failed'),
  'mail_deliveries.state': mailState,
  'outbox.state': mailState,
};
