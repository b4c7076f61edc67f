import * as z from 'zod';

// Every environment variable that the app reads. The check at start, `.env.example` and
// `docs/environment.md` all come from here.

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const url = (protocols: string[]) =>
  z
    .string()
    .refine(
      (value) =>
        URL.canParse(value) &&
        protocols.includes(new URL(value).protocol) &&
        new URL(value).hostname !== '',
      `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );

const secret = (bytes: number) =>
  z
    .string()
    .min(
      bytes,
      `must be at least ${bytes} characters long; make one with \`openssl rand -hex 32\``,
    );

/** Identifiers only: the name goes into the start-up options of the connection. */
const schemaName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a lower-case Postgres identifier');

const keyRing = z
  .string()
  .regex(
    /^[A-Za-z0-9._-]+:[^,\s]+(,[A-Za-z0-9._-]+:[^,\s]+)*$/,
    'must be id:secret, several separated by commas',
  )
  .transform((value) =>
    value.split(',').map((pair) => ({
      id: pair.split(':', 1)[0] ?? '',
      secret: pair.slice(pair.indexOf(':') + 1),
    })),
  )
  .refine(
    (keys) => keys.every(({ secret }) => secret.length >= 32),
    'each secret must be at least 32 characters long',
  )
  .refine(
    (keys) => new Set(keys.map(({ id }) => id)).size === keys.length,
    'each key id must appear once',
  );

const origins = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .pipe(
    z.array(
      z
        .string()
        .refine(
          (value) => URL.canParse(value) && new URL(value).origin === value,
          'must be origins such as https://chat.example.com, separated by commas',
        ),
    ),
  );

export interface SettingNotes {
  /** The variable's purpose, with its unit. */
  about: string;
  /** Its value must never be printed. */
  secret?: true;
  /** A value for `.env.example` if there is no default. */
  example?: string;
  /** The default, as it is written in the environment. */
  default?: string;
}

const setting = <T extends z.ZodType>(type: T, notes: SettingNotes) => type.meta({ ...notes });

/** An optional variable with a default, as it is written in the environment. */
const withDefault = <T extends z.ZodType>(type: T, value: string, notes: SettingNotes) =>
  z
    .string()
    .default(value)
    .pipe(type as unknown as z.ZodType<z.output<T>, string>)
    .meta({ ...notes, default: value });

const milliseconds = (about: string, value: string) =>
  withDefault(integer(1, 3_600_000), value, { about });

const databaseUrl = url(['postgres:', 'postgresql:']);

const databaseSettings = z.object({
  DATABASE_URL: setting(databaseUrl, {
    about: 'Where Postgres is, with user and password. `sslmode` in it decides about TLS.',
    secret: true,
    example: 'postgres://slipway:slipway@127.0.0.1:5432/slipway',
  }),
  DATABASE_SCHEMA: withDefault(schemaName, 'public', {
    about: 'The Postgres schema that holds every table.',
  }),
  RELEASE: withDefault(z.string().max(128), 'unknown', {
    about: 'Which release this is; shown by `/health` and kept with each migration.',
  }),
  LOG_LEVEL: withDefault(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
    {
      about: 'The least important log lines that are written.',
    },
  ),
});

const nodeEnv = withDefault(z.enum(['development', 'test', 'production']), 'development', {
  about:
    'What kind of run this is. In production `migrate revert-all` asks for the name of the database.',
});

/** An address with a login of its own. */
const login = databaseUrl.refine((value) => {
  const { username, password } = URL.parse(value) ?? {};
  return Boolean(username) && Boolean(password);
}, 'must hold a user and a password');

export const migrateSettings = databaseSettings.extend({
  NODE_ENV: nodeEnv,
  APP_DATABASE_URL: setting(login.optional(), {
    about:
      "The app's own `DATABASE_URL`: `migrate` makes that role, which reads and writes rows and changes no table. Left out, it makes none.",
    secret: true,
    example: 'postgres://slipway_app:slipway-app@127.0.0.1:5432/slipway',
  }),
  MIGRATE_CONNECT_WAIT_MS: withDefault(integer(0, 3_600_000), '30000', {
    about: 'How long `migrate` waits for a database that does not answer yet, in milliseconds.',
  }),
  MIGRATE_LOCK_WAIT_MS: withDefault(integer(0, 3_600_000), '60000', {
    about: 'How long `migrate` waits for another run to finish, in milliseconds; 0 fails at once.',
  }),
  MIGRATE_LOCK_TIMEOUT_MS: milliseconds(
    'The longest a statement of a migration may wait for a lock, in milliseconds.',
    '3000',
  ),
  MIGRATE_STATEMENT_TIMEOUT_MS: milliseconds(
    'The longest a statement of a migration may run, in milliseconds.',
    '900000',
  ),
  MIGRATE_ATTEMPTS: withDefault(integer(1, 20), '5', {
    about:
      'How often a migration is tried when it only lost against other work: a lock, a deadlock, a serialization failure.',
  }),
});

export const seedSettings = databaseSettings.extend({
  DEMO_USER_EMAIL: withDefault(z.email(), 'demo@example.com', {
    about: 'The e-mail address of the demo user that `seed` makes.',
  }),
  DEMO_USER_PASSWORD: setting(z.string().min(8, 'must be at least 8 characters long'), {
    about: "The demo user's password.",
    secret: true,
    example: 'change-me-please',
  }),
});

export const serveSettings = databaseSettings.extend({
  NODE_ENV: nodeEnv,
  HOST: withDefault(z.string(), '127.0.0.1', {
    about: 'The address to listen on; `0.0.0.0` in the image.',
  }),
  PORT: withDefault(integer(0, 65_535), '3000', {
    about: 'The port to listen on; 0 takes a free one.',
  }),
  TRUST_PROXY_HOPS: withDefault(integer(0, 10), '0', {
    about:
      'How many reverse proxies stand in front: so many entries of X-Forwarded-For are believed. A stack sets 1.',
  }),
  SHUTDOWN_TIMEOUT_MS: milliseconds(
    'How long requests in flight may take to finish after SIGTERM, in milliseconds.',
    '8000',
  ),
  DATABASE_POOL_MAX: withDefault(integer(1, 1_000), '10', {
    about: 'The most connections to Postgres that one process opens.',
  }),
  DATABASE_POOL_TIMEOUT_MS: milliseconds(
    'How long a request waits for a connection before it is answered with 503, in milliseconds.',
    '2000',
  ),
  DATABASE_POOL_IDLE_TIMEOUT_MS: milliseconds(
    'After how long an unused connection is closed, in milliseconds.',
    '30000',
  ),
  DATABASE_POOL_MAX_LIFETIME_S: withDefault(integer(1, 86_400), '1800', {
    about: 'After how long a connection is replaced, in seconds.',
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: milliseconds(
    'The longest a query may run, in milliseconds.',
    '5000',
  ),
  CACHE_URL: setting(url(['redis:', 'rediss:']).optional(), {
    about: 'Where Valkey is. Left out, rate limits are counted in each process for itself.',
    secret: true,
    example: 'redis://127.0.0.1:6379',
  }),
  JWT_SECRETS: setting(keyRing, {
    about:
      'The keys of access tokens, as `id:secret`, separated by commas. The first signs, all verify: to rotate, put a new one in front.',
    secret: true,
    example: 'k1:development-only-0123456789abcdef0123456789abcdef',
  }),
  ACCESS_TOKEN_EXPIRE_MINUTES: withDefault(integer(1, 1_440), '15', {
    about: 'How long an access token is good for, in minutes.',
  }),
  REFRESH_TOKEN_EXPIRE_DAYS: withDefault(integer(1, 365), '30', {
    about: 'How long a refresh token is good for, in days.',
  }),
  SESSION_EXPIRE_DAYS: withDefault(integer(1, 3_650), '90', {
    about:
      'How long a sign-in is good for, however often it is refreshed, in days; then the person signs in again.',
  }),
  SESSION_HASH_SECRET: setting(secret(32), {
    about:
      'Keys the stored hashes of refresh tokens and the signatures of page cursors. Changing it signs everybody out.',
    secret: true,
    example: 'development-only-0123456789abcdef0123456789abcdef',
  }),
  AUTH_RATE_LIMIT_PER_MINUTE: withDefault(integer(1, 100_000), '30', {
    about: 'How many sign-ins, and how many registrations, one client address may try in a minute.',
  }),
  MESSAGE_RATE_LIMIT_PER_MINUTE: withDefault(integer(1, 1_000_000), '600', {
    about: 'How many messages one person may post in a minute.',
  }),
  CORS_ORIGINS: withDefault(origins, '', {
    about: 'The web origins that may call the API from a browser, separated by commas.',
  }),
  FRONTEND_URL: setting(url(['http:', 'https:']).optional(), {
    about: 'Where the web client lives. Its origin may call the API, too.',
    example: 'http://127.0.0.1:8000',
  }),
});

export type SeedSettings = z.output<typeof seedSettings>;
export type ServeSettings = z.output<typeof serveSettings>;
