import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { pino, type Logger } from 'pino';
import { openDatabase, servePool } from '../src/database/database.ts';
import { createListener } from '../src/listener.ts';
import { Lifecycle } from '../src/process/lifecycle.ts';
import { createServer } from '../src/server.ts';
import { readConfig } from '../src/settings/config.ts';
import { serveSettings } from '../src/settings/settings.ts';
import { migrate } from '../../tests/support/migrate.ts';
import { asApp } from '../../tests/support/postgres.ts';

export const testSecrets = {
  JWT_SECRETS: 'k2:test-test-test-test-test-test-test-test,k1:older-older-older-older-older-older',
  SESSION_HASH_SECRET: 'test-test-test-test-test-test-test-test',
};

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Account {
  email: string;
  password: string;
  handle: string;
  accessToken: string;
  refreshToken: string;
}

let accounts = 0;

/** The API on a free port in this process, and a client for it. */
export class TestApi {
  readonly url: string;
  readonly pool: Pool;
  readonly server: Server;
  readonly lifecycle: Lifecycle;
  /** For what the API itself may not do. */
  readonly ownerUrl: string;

  constructor(server: Server, pool: Pool, lifecycle: Lifecycle, ownerUrl: string) {
    this.server = server;
    this.pool = pool;
    this.lifecycle = lifecycle;
    this.ownerUrl = ownerUrl;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Migrates the database and starts the API on it, with the rights it has in a stack. @param env overrides the settings */
  static async start(
    databaseUrl: string,
    env: NodeJS.ProcessEnv = {},
    cache?: Redis,
    log: Logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
  ): Promise<TestApi> {
    const appUrl = asApp(databaseUrl);
    const { code, output } = await migrate(databaseUrl, ['up'], { APP_DATABASE_URL: appUrl });
    if (code !== 0) throw new Error(output);
    const settings = readConfig(serveSettings, {
      DATABASE_URL: appUrl,
      AUTH_RATE_LIMIT_PER_MINUTE: '1000',
      ...testSecrets,
      ...env,
    });
    const pool = openDatabase(servePool(settings), log);
    const lifecycle = new Lifecycle();
    const app = createServer({ settings, pool, cache, log, lifecycle });
    const server = createListener(app, lifecycle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestApi(server, pool, lifecycle, databaseUrl);
  }

  /** Sends JSON, or a raw body when it is a string. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    options: { token?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const { token, body, headers } = options;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (json ? JSON.parse(text) : text) as T,
    };
  }

  /** Registers somebody new and signs in. */
  async account(): Promise<Account> {
    const handle = `user-${process.pid}-${++accounts}`;
    const credentials = { email: `${handle}@example.com`, password: 'correct horse battery' };
    await this.call('POST', '/api/register', { body: { ...credentials, handle } });
    const { body } = await this.call<{ accessToken: string; refreshToken: string }>(
      'POST',
      '/api/login',
      {
        body: credentials,
      },
    );
    return { ...credentials, handle, ...body };
  }

  /** Starts a conversation and returns its id. */
  async conversation(token: string): Promise<string> {
    const { body } = await this.call<{ id: string }>('POST', '/api/conversations', {
      token,
      body: {},
    });
    return body.id;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.pool.end();
  }
}
