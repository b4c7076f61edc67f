import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg, { type Client } from 'pg';
import { connect, type Target } from './connect.ts';
import { MigrationError } from '../exit.ts';

/** Rows are for the app, tables are not. */
const rights = { TABLES: 'SELECT, INSERT, UPDATE, DELETE', SEQUENCES: 'USAGE, SELECT' } as const;
type Kind = keyof typeof rights;

/** What keeps the books of a database. The app asks which migrations are applied, no more. */
const books = ['slipway_migrations', 'slipway_migration_history', 'slipway_seeds'];
const readable = 'slipway_migrations';

/** A role that came to be, or changed, at the same time: by a run on another database of the server. */
const collided = new Set(['42710', '23505', 'XX000']);

/**
 * The role that the app signs in with. It belongs to the server, its rights to the database:
 * everything that a release needs is made here, and nothing is taken back that a migration decided.
 */
export class AppRole {
  readonly #client: Client;
  readonly #target: Target;
  readonly #say: (line: string) => void;
  readonly #name: string;
  readonly #password: string;
  readonly #quoted: string;

  /**
   * @param client signed in as the role that migrates
   * @param target where that one signs in
   * @param appUrl the app's own address; of it, name and password count
   */
  constructor(client: Client, target: Target, appUrl: string, say: (line: string) => void) {
    const { username, password } = new URL(appUrl);
    const url = new URL(target.databaseUrl);
    Object.assign(url, { username, password });
    this.#client = client;
    // The server is there; a busy one must not make a release fail.
    this.#target = { ...target, databaseUrl: url.href, connectWaitMs: 10_000 };
    this.#say = say;
    this.#name = decodeURIComponent(username);
    this.#password = decodeURIComponent(password);
    this.#quoted = pg.escapeIdentifier(this.#name);
  }

  /**
   * Makes the role where there is none, gives it its rights, and signs in with it once.
   *
   * @throws {MigrationError} `usage` where the role could do more than it should, or we may not
   *   make it; `authentication` and the like where it cannot sign in
   */
  async admit(): Promise<void> {
    await this.#create();
    await this.grant();
    try {
      await this.#signIn();
    } catch (error) {
      if ((error as MigrationError).reason !== 'authentication') throw error;
      await this.#change(`ALTER ROLE ${this.#quoted} LOGIN PASSWORD '${verifier(this.#password)}'`);
      await this.#signIn();
      this.#say(`the role ${this.#name} has its new password`);
    }
  }

  /**
   * Gives the role its rights on what nobody has decided about: everything at first, and later what
   * no rights are noted for. What a migration granted or revoked stays as it is.
   */
  async grant(): Promise<void> {
    const { schema } = this.#target;
    const { rows } = await this.#client.query<Facts>(factsQuery, [this.#name, schema, books]);
    const facts = rows[0];
    if (!facts) return;
    const role = this.#quoted;
    const inSchema = pg.escapeIdentifier(schema);
    const tables = facts.undecided.map(({ name, kind, ours }) => {
      const table = `${inSchema}.${pg.escapeIdentifier(name)}`;
      if (ours)
        return `GRANT ${rights[kind]} ON ${kind === 'TABLES' ? '' : 'SEQUENCE '}${table} TO ${role}`;
      this.#say(
        `WARNING: ${name} belongs to another role, so ${this.#name} got no right to it; a migration can grant it`,
      );
      return '';
    });
    const statements = [
      facts.connect
        ? ''
        : `GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(facts.database)} TO ${role}`,
      facts.usage ? '' : `GRANT USAGE ON SCHEMA ${inSchema} TO ${role}`,
      // A table that takes the place of another is there for the running version at once.
      ...facts.defaults.map(
        (kind) =>
          `ALTER DEFAULT PRIVILEGES IN SCHEMA ${inSchema} GRANT ${rights[kind]} ON ${kind} TO ${role}`,
      ),
      ...tables,
      ...facts.books.map((name) => {
        const table = `${inSchema}.${pg.escapeIdentifier(name)}`;
        return `REVOKE ALL ON ${table} FROM ${role}${name === readable ? `; GRANT SELECT ON ${table} TO ${role}` : ''}`;
      }),
    ].filter(Boolean);
    if (statements.length > 0) await this.#client.query(statements.join('; '));
  }

  async #signIn(): Promise<void> {
    const app = await connect(this.#target, () => {});
    await app.end();
  }

  async #create(): Promise<void> {
    const { rows } = await this.#client.query<{ own: boolean; mighty: boolean }>(
      `SELECT rolname = current_user AS own,
              rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                OR pg_has_role(oid, current_user::regrole, 'MEMBER') AS mighty
         FROM pg_roles WHERE rolname = $1`,
      [this.#name],
    );
    const found = rows[0];
    if (found?.own)
      throw new MigrationError(
        'usage',
        `APP_DATABASE_URL names ${this.#name}, the role that migrates. The app has to sign in with another one, which may not change tables.`,
      );
    if (found?.mighty)
      throw new MigrationError(
        'usage',
        `The role ${this.#name} of APP_DATABASE_URL may do more than read and write rows: it is a superuser, may make roles or databases, ` +
          'passes row security, or is a member of the role that migrates. Take that from it, or name another role.',
      );
    if (found) return;
    await this.#change(`CREATE ROLE ${this.#quoted} LOGIN PASSWORD '${verifier(this.#password)}'`);
    this.#say(`made the role ${this.#name} for the app: it reads and writes rows, no more`);
  }

  async #change(sql: string): Promise<void> {
    try {
      await this.#client.query(sql);
    } catch (error) {
      const { code = '', message = '' } = error as { code?: string; message?: string };
      if (collided.has(code)) return;
      if (code !== '42501') throw error;
      throw new MigrationError(
        'usage',
        `The role ${this.#name} of APP_DATABASE_URL could not be made or given its password: ${message}. ` +
          'Give the role that migrates CREATEROLE, or make this one yourself, with the password of APP_DATABASE_URL.',
        { cause: error },
      );
    }
  }
}

/** What the role lacks, or has too much. */
interface Facts {
  database: string;
  /** Whether it has the right. */
  connect: boolean;
  usage: boolean;
  /** The kinds of which the next one would come without rights. */
  defaults: Kind[];
  /** Tables and sequences that nobody has decided about. */
  undecided: { name: string; kind: Kind; ours: boolean }[];
  /** Of the books, those that it has the wrong rights to. */
  books: string[];
}

// `usage` is the right of the role itself, not that of everybody: by it we know that it was let in
// before.
const factsQuery = `
WITH app AS (SELECT oid FROM pg_roles WHERE rolname = $1),
     place AS (SELECT n.oid, EXISTS (SELECT FROM aclexplode(nspacl) WHERE grantee = app.oid) AS usage
                 FROM pg_namespace n, app WHERE nspname = $2),
     thing AS (SELECT c.oid, relname::text AS name, relacl, relowner, relname = ANY ($3) AS book,
                      CASE relkind WHEN 'S' THEN 'SEQUENCES' ELSE 'TABLES' END AS kind
                 FROM pg_class c, place WHERE relnamespace = place.oid AND relkind IN ('r','p','v','m','f','S'))
SELECT current_database() AS database, usage,
       has_database_privilege(app.oid, current_database(), 'CONNECT') AS connect,
       ARRAY(SELECT kind FROM (VALUES ('TABLES', 'r'), ('SEQUENCES', 'S')) k (kind, type)
              WHERE NOT EXISTS (SELECT FROM pg_default_acl d, aclexplode(defaclacl)
                                 WHERE defaclrole = current_user::regrole AND defaclnamespace = place.oid
                                   AND defaclobjtype = type::"char" AND grantee = app.oid)) AS defaults,
       coalesce((SELECT json_agg(json_build_object('name', name, 'kind', kind,
                                                   'ours', pg_has_role(relowner, 'USAGE')) ORDER BY name)
                   FROM thing WHERE NOT book AND (relacl IS NULL OR NOT usage)), '[]') AS undecided,
       ARRAY(SELECT name FROM thing
              WHERE book AND kind = 'TABLES'
                AND (has_table_privilege(app.oid, thing.oid, 'INSERT, UPDATE, DELETE')
                     OR has_table_privilege(app.oid, thing.oid, 'SELECT') <> (name = '${readable}'))) AS books
  FROM app, place`;

/**
 * What the server keeps of a password (RFC 5802, with 4096 rounds as Postgres itself has). Made
 * here, so that no log of the server ever sees the password.
 */
function verifier(password: string): string {
  const rounds = 4096;
  const salt = randomBytes(16);
  // Letters and digits stay themselves under SASLprep; `normalize` does most of it for the rest.
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, 32, 'sha256');
  const key = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(key('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${key('Server Key').toString('base64')}`;
}
