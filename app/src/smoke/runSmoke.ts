import { tokenPair } from '../auth/schema.ts';
import { accountChecks, signOutChecks } from './accountChecks.ts';
import { conversationChecks } from './conversationChecks.ts';
import { NoAnswer, SmokeClient } from './smokeClient.ts';
import { Mismatch, SmokeSession, Unmet, type SmokeCheck } from './smokeSession.ts';

export interface SmokeResult {
  name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  /** The expectation of a failed check, and the value that came instead. */
  expected?: string;
  got?: string;
  /** Why a check was skipped. */
  reason?: string;
  ms: number;
}

/** The checks in the order in which they build on each other. */
export const smokeChecks: SmokeCheck[] = [
  ...accountChecks,
  ...conversationChecks,
  ...signOutChecks,
];

/** The clean-up has its own time: it also follows a run that has used up its time. */
const cleanUpTimeoutMs = 10_000;

interface SmokeOptions {
  /** For the whole run, in milliseconds. A check that has no time left fails. */
  timeoutMs: number;
  /** Called as soon as a check has ended. */
  onResult?: (result: SmokeResult) => void;
}

/**
 * Checks the API's promises at an address, over HTTP alone. It makes two accounts with random
 * names. Afterwards it deletes their conversations and sessions. The accounts stay, because the API
 * cannot delete one.
 *
 * @throws {NoAnswer} when nothing answers at the address
 */
export async function runSmoke(baseUrl: string, options: SmokeOptions): Promise<SmokeResult[]> {
  const client = new SmokeClient(baseUrl, AbortSignal.timeout(options.timeoutMs));
  const session = new SmokeSession(client);
  await client.call('GET', '/health');
  const results: SmokeResult[] = [];
  try {
    for (const check of smokeChecks) {
      const result = await runCheck(check, session);
      results.push(result);
      options.onResult?.(result);
    }
  } finally {
    await cleanUp(session, new SmokeClient(baseUrl, AbortSignal.timeout(cleanUpTimeoutMs)));
  }
  return results;
}

async function runCheck({ name, run }: SmokeCheck, session: SmokeSession): Promise<SmokeResult> {
  const started = performance.now();
  const result = (rest: Omit<SmokeResult, 'name' | 'ms'>): SmokeResult => ({
    name,
    ...rest,
    ms: Math.round(performance.now() - started),
  });
  try {
    await run(session);
    return result({ outcome: 'passed' });
  } catch (error) {
    if (error instanceof Mismatch)
      return result({ outcome: 'failed', expected: error.expected, got: error.got });
    if (error instanceof Unmet) return result({ outcome: 'skipped', reason: error.message });
    throw error;
  }
}

/** A broken API may refuse to delete something. It then stays: the checks have told the fault. */
async function cleanUp({ ada, bob }: SmokeSession, client: SmokeClient): Promise<void> {
  try {
    for (const { email, password, refreshToken, conversations } of [ada, bob]) {
      const sessions = refreshToken ? [refreshToken] : [];
      if (conversations.length > 0) {
        // The session of before may have ended, and its access token with it.
        const { body } = await client.call('POST', '/api/login', { body: { email, password } });
        const pair = tokenPair.safeParse(body);
        if (pair.success) sessions.push(pair.data.refreshToken);
        for (const id of pair.success ? conversations : [])
          await client.call('DELETE', `/api/conversations/${id}`, {
            token: pair.data!.accessToken,
          });
      }
      for (const token of sessions)
        await client.call('POST', '/api/logout', { body: { refreshToken: token } });
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
}
