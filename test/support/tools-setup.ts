import { requireTestTools } from '../../scripts/launcher/test-tools';
import { plainly, say } from './report';

export default (): Promise<void> => plainly(() => requireTestTools(say));
