import { serveTasks } from '../isolation/child';
import { type CheckerSettings, openCheckTools } from '../signing/check-tools';
import { workOn } from './check-file';
import type { CheckAnswer, CheckTask } from './tasks';

// What strangers send to the check page is read here, never in the web process.
serveTasks<CheckerSettings, CheckTask, CheckAnswer>((settings) => {
  const tools = openCheckTools(settings);
  return (task) => workOn(task, tools);
});
