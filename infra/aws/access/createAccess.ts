import { rolePath, type RoleDefaults } from '../naming.ts';
import type { Setting } from '../setting.ts';
import { CiAccess } from './ciAccess.ts';
import { EncryptionKey } from './encryptionKey.ts';

/** Who may do what in a stack, and with which keys its data is encrypted. */
export interface StackAccess {
  ci: CiAccess | undefined;
  roleDefaults: RoleDefaults;
  /** Encrypts everything but the database. */
  key: EncryptionKey;
  databaseKey: EncryptionKey;
}

export function createAccess(setting: Setting): StackAccess {
  const ci = createCiAccess(setting);
  return { ci, roleDefaults: ci?.roleDefaults ?? rolePath(), ...createKeys(setting) };
}

/** Rights of the repository's workflows, where a repository is named. */
function createCiAccess({ config, place, opts }: Setting): CiAccess | undefined {
  const { githubRepository: repository, stateBucket } = config;
  if (repository === undefined || stateBucket === undefined) return undefined;
  return new CiAccess(
    'ci',
    {
      repository,
      environment: config.githubEnvironment,
      branch: config.githubBranch,
      place,
      stateBucket,
      stateKeyArn: config.stateKeyArn,
      signingKeyArn: config.signingKeyArn,
      oidcProviderArn: config.githubOidcProviderArn,
    },
    opts,
  );
}

/** The database has a key of its own: a snapshot may have to be shared with another account. */
function createKeys({
  config,
  place,
  prefix,
  opts,
}: Setting): Pick<StackAccess, 'key' | 'databaseKey'> {
  const common = { place, protect: config.protect, aliasPrefix: `alias/${prefix}` };
  const databaseKey = new EncryptionKey(
    'database-key',
    { ...common, description: 'Database, backups, snapshots' },
    opts,
  );
  const key = new EncryptionKey(
    'app-key',
    {
      ...common,
      description: 'Secrets, cache, media, images, logs, alerts',
      usedBy: ['logs', 'alerts'],
    },
    opts,
  );
  return { key, databaseKey };
}
