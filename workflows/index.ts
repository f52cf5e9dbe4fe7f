export { routeWorkflow } from './route';
export { deriveWorkflow } from './derive';
export { auditStampWorkflow, upkeepWorkflow } from './upkeep';
export { evidenceWorkflow } from './evidence';
export { groupWorkflow } from './group';
export { phoneWorkflow } from './phone';
export { directorySyncWorkflow } from './directory';
export { outboxWorkflow } from './outbox';
