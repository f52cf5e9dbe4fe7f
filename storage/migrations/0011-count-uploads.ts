import type { Migration } from '../migrate';
import { addIndex } from './lib';

export const countUploads: Migration = {
  name: '0011-count-uploads',
  async up(sql, facts) {
    // How much was stored within a day is counted before each upload.
    await addIndex(sql, facts, 'files', 'files_uploaded', 'KEY files_uploaded (uploaded_at, uploaded_by, size_bytes)');
  },
};
