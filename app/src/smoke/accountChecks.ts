import * as z from 'zod';
import { tokenPair } from '../auth/schema.ts';
import { model, modelList } from '../models/schema.ts';
import { user } from '../users/schema.ts';
import { problemOf, type SmokeCheck, type SmokeSession, type SmokeUser } from './smokeSession.ts';

const live = z.object({ status: z.literal('ok'), release: z.string() });
const ready = z.object({ status: z.literal('ready'), release: z.string() });

/** Health, the shapes of errors, accounts, sessions and models. */
export const accountChecks: SmokeCheck[] = [
  {
    name: 'health says that it is alive',
    run: async (s) => void (await s.ask('GET', '/health', { status: 200, shape: live })),
  },
  {
    name: 'readiness says that it can serve',
    run: async (s) => void (await s.ask('GET', '/health/ready', { status: 200, shape: ready })),
  },
  {
    name: 'without an access token it is a 401 problem',
    run: async (s) => {
      for (const path of ['/api/users/me', '/api/models', '/api/conversations']) {
        await s.refused(401, 'GET', path);
      }
      const { headers } = await s.ask(
        'GET',
        '/api/users/me',
        { status: 401 },
        { token: 'not-a-token' },
      );
      s.same(
        'the authenticate header',
        true,
        headers.get('www-authenticate')?.includes('Bearer') ?? false,
      );
    },
  },
  {
    name: 'a malformed body is a 400 problem that names the field',
    run: async (s) => {
      const shape = problemOf(400).extend({
        errors: z.array(z.object({ path: z.array(z.string()) })).min(1),
      });
      await s.ask(
        'POST',
        '/api/register',
        { status: 400, shape },
        { body: { email: 'not an address' } },
      );
      await s.refused(400, 'POST', '/api/login', { body: '{"email":' });
    },
  },
  { name: 'registering makes an account', run: (s) => register(s, s.ada) },
  { name: 'registering makes a second account', run: (s) => register(s, s.bob) },
  {
    name: 'registering a handle that is taken is a 409 problem',
    run: async (s) => {
      const { handle, password } = s.ada;
      const body = { handle, password, email: `other-${s.ada.email}` };
      await s.refused(409, 'POST', '/api/register', { body });
    },
  },
  { name: 'signing in returns a pair of tokens', run: (s) => signIn(s, s.ada) },
  { name: 'signing in works for the second account', run: (s) => signIn(s, s.bob) },
  {
    name: 'signing in with a wrong password is a 401 problem',
    run: async (s) => {
      const body = { email: s.ada.email, password: 'not the password' };
      await s.refused(401, 'POST', '/api/login', { body });
    },
  },
  {
    name: 'an unknown address under /api is a 404 problem',
    run: async (s) => {
      await s.refused(404, 'GET', '/api/nothing-here', { token: s.tokenOf(s.ada) });
    },
  },
  {
    name: 'the caller reads the own account',
    run: async (s) => {
      const { body } = await s.ask(
        'GET',
        '/api/users/me',
        { status: 200, shape: user },
        { token: s.tokenOf(s.ada) },
      );
      s.same('the handle', s.ada.handle, body.handle);
      s.same('the address', s.ada.email, body.email);
    },
  },
  {
    name: 'the caller changes name and preferences',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      const change = {
        displayName: 'Smoke test',
        preferences: { theme: 'dark', columns: 2, beta: true },
      };
      await s.ask('PATCH', '/api/users/me', { status: 200, shape: user }, { token, body: change });
      const { body } = await s.ask('GET', '/api/users/me', { status: 200, shape: user }, { token });
      s.same('the name', change.displayName, body.displayName);
      for (const [key, value] of Object.entries(change.preferences)) {
        s.same(`the preference ${key}`, value, body.preferences[key]);
      }
    },
  },
  {
    name: 'a refresh token is swapped for a new pair',
    run: async (s) => {
      const refreshToken = s.need(s.ada.refreshToken, 'refresh token');
      const expected = { status: 200, shape: tokenPair };
      const { body } = await s.ask('POST', '/api/token/refresh', expected, {
        body: { refreshToken },
      });
      s.same('whether the refresh token is another one', true, body.refreshToken !== refreshToken);
      Object.assign(s.ada, { accessToken: body.accessToken, refreshToken: body.refreshToken });
      await s.ask(
        'GET',
        '/api/users/me',
        { status: 200, shape: user },
        { token: body.accessToken },
      );
    },
  },
  {
    name: 'the models are listed, one of them active',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      const { body } = await s.ask(
        'GET',
        '/api/models',
        { status: 200, shape: modelList },
        { token },
      );
      s.same('the number of active models', 1, body.items.filter(({ active }) => active).length);
      // A built-in model answers without a network. The echo gives the same answer every time.
      const builtin = body.items.filter(({ provider }) => provider === 'builtin');
      s.modelId = (builtin.find(({ id }) => id === 'slipway-echo') ??
        builtin[0] ??
        body.items[0])!.id;
    },
  },
  {
    name: 'a model is switched to',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      const modelId = s.need(s.modelId, 'model');
      const expected = { status: 200, shape: model };
      const { body } = await s.ask('POST', '/api/models/switch', expected, {
        token,
        body: { modelId },
      });
      s.same('the model', [modelId, true], [body.id, body.active]);
      const { body: list } = await s.ask(
        'GET',
        '/api/models',
        { status: 200, shape: modelList },
        { token },
      );
      const active = list.items.filter((item) => item.active).map(({ id }) => id);
      s.same('the active models', [modelId], active);
    },
  },
  {
    name: 'switching to an unknown model is a 404 problem',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      const body = { modelId: 'no-such-model' };
      await s.refused(404, 'POST', '/api/models/switch', { token, body });
    },
  },
];

/** The last checks: they end the sessions. */
export const signOutChecks: SmokeCheck[] = [
  {
    name: 'signing out ends the session',
    run: async (s) => {
      const refreshToken = s.need(s.ada.refreshToken, 'refresh token');
      await s.ask('POST', '/api/logout', { status: 204 }, { body: { refreshToken } });
      await s.refused(401, 'POST', '/api/token/refresh', { body: { refreshToken } });
      delete s.ada.refreshToken;
    },
  },
  {
    name: 'a refresh token that is used twice ends its session',
    run: async (s) => {
      const first = s.need(s.bob.refreshToken, 'refresh token of the second account');
      const swap = (refreshToken: string, status: number) =>
        s.ask('POST', '/api/token/refresh', { status }, { body: { refreshToken } });
      const { body } = await s.ask(
        'POST',
        '/api/token/refresh',
        { status: 200, shape: tokenPair },
        { body: { refreshToken: first } },
      );
      // Only now: at once, and by the same client, it would count as a lost answer.
      const { body: next } = await s.ask(
        'POST',
        '/api/token/refresh',
        { status: 200, shape: tokenPair },
        { body: { refreshToken: body.refreshToken } },
      );
      s.bob.refreshToken = next.refreshToken;
      await swap(first, 401);
      await swap(next.refreshToken, 401);
      delete s.bob.refreshToken;
    },
  },
];

async function register(session: SmokeSession, person: SmokeUser): Promise<void> {
  const { handle, email, password } = person;
  const expected = { status: 201, shape: user };
  const { body } = await session.ask('POST', '/api/register', expected, {
    body: { handle, email, password },
  });
  session.same(
    'handle, address and role',
    [handle, email, 'member'],
    [body.handle, body.email, body.role],
  );
}

async function signIn(session: SmokeSession, person: SmokeUser): Promise<void> {
  const { email, password } = person;
  const expected = { status: 200, shape: tokenPair };
  const { body } = await session.ask('POST', '/api/login', expected, { body: { email, password } });
  Object.assign(person, { accessToken: body.accessToken, refreshToken: body.refreshToken });
}
