export { routeWorkflow } from './route';
export { deriveWorkflow } from './derive';
export { upkeepWorkflow } from './upkeep';
