import { advancePhone } from '../services/phone/advance';
import type { WorkerDeps } from '../services/deps';
import type { PhoneLook } from '../workflows/contracts/phone';

/** What a phone session needs done without the phone. */
export const phoneActivities = (deps: WorkerDeps) => ({
  advancePhone: (input: { phoneId: string }): Promise<PhoneLook> => advancePhone(deps, input.phoneId),
});
