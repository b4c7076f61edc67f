import { randomBytes } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from './config/config.ts';
import type { AppSecrets } from './secrets.ts';

/** The address of the demo user that `seed` creates. */
export const demoEmail = 'demo@example.com';

/**
 * Environment of one container or task, plain values apart from secret ones: platforms deliver them
 * by different ways.
 */
export interface Environment {
  plain: Record<string, pulumi.Input<string>>;
  secret: Record<string, SecretValue>;
}

/** A secret by its name in the stack: two variables may hold the same one. */
interface SecretValue {
  /** Such as `database-url`. */
  name: string;
  value: pulumi.Input<string>;
}

export interface EnvironmentArgs {
  config: Config;
  secrets: AppSecrets;
  /** `postgres://…` for the services, and for the migrations; secret. */
  database: { url: pulumi.Input<string>; ownerUrl: pulumi.Input<string> };
  /** `redis://…` or `rediss://…`, secret. */
  cacheUrl: pulumi.Input<string>;
  /** Id of the app image: what an instance answers when it is asked which release it is. */
  release: pulumi.Input<string>;
  /** Where a browser finds the client. */
  publicUrl: pulumi.Input<string>;
}

/** The environment of the api. docs/environment.md describes each variable. */
export function serviceEnvironment(args: EnvironmentArgs): Environment {
  return {
    plain: {
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: '3000',
      LOG_LEVEL: args.config.logLevel,
      // The gateway, or the load balancer.
      TRUST_PROXY_HOPS: '1',
      DATABASE_SCHEMA: args.config.databaseSchema,
      RELEASE: args.release,
      FRONTEND_URL: args.publicUrl,
      // An origin is the address without its path.
      CORS_ORIGINS: pulumi.output(args.publicUrl).apply((url) => new URL(url).origin),
      SHUTDOWN_TIMEOUT_MS: '10000',
    },
    secret: {
      DATABASE_URL: { name: 'database-url', value: args.database.url },
      CACHE_URL: { name: 'cache-url', value: args.cacheUrl },
      JWT_SECRETS: { name: 'jwt-secrets', value: args.secrets.jwtSecrets },
      SESSION_HASH_SECRET: { name: 'session-hash-secret', value: args.secrets.sessionHashSecret },
    },
  };
}

/**
 * The environment of the one-off tasks `migrate` and `seed`: the database alone, and the demo
 * user's login where there is one.
 */
export function taskEnvironment(args: EnvironmentArgs): Environment {
  const demo = args.config.platform === 'docker';
  return {
    plain: {
      NODE_ENV: 'production',
      LOG_LEVEL: args.config.logLevel,
      DATABASE_SCHEMA: args.config.databaseSchema,
      RELEASE: args.release,
      ...(demo ? { DEMO_USER_EMAIL: demoEmail } : {}),
    },
    secret: {
      DATABASE_URL: { name: 'database-owner-url', value: args.database.ownerUrl },
      APP_DATABASE_URL: { name: 'database-url', value: args.database.url },
      ...(demo && {
        DEMO_USER_PASSWORD: { name: 'demo-password', value: args.secrets.demoPassword },
      }),
    },
  };
}

/**
 * The environment of an api that is tried beside the stack, on a database of its own and without a
 * cache: every secret is made for it alone. A secret that the api comes to need belongs here, too.
 */
export function throwAwayEnvironment(args: {
  databaseUrl: string;
  schema: string;
  release: string;
  port: number;
}): Record<string, string> {
  const secret = () => randomBytes(32).toString('hex');
  return {
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    PORT: String(args.port),
    LOG_LEVEL: 'error',
    RELEASE: args.release,
    SHUTDOWN_TIMEOUT_MS: '1000',
    // It is asked what it does, not how fast: a busy machine must not make it fail.
    DATABASE_POOL_TIMEOUT_MS: '20000',
    DATABASE_STATEMENT_TIMEOUT_MS: '20000',
    DATABASE_URL: args.databaseUrl,
    DATABASE_SCHEMA: args.schema,
    JWT_SECRETS: `check:${secret()}`,
    SESSION_HASH_SECRET: secret(),
  };
}
