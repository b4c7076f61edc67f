import { accountChecks, signOutChecks, type SmokeCheck } from './accountChecks.ts';
import { conversationChecks } from './conversationChecks.ts';
import { NoAnswer, SmokeClient } from './smokeClient.ts';
import { Mismatch, SmokeSession, Unmet } from './smokeSession.ts';

export interface SmokeResult {
  name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  /** What a failed check expected, and what came instead. */
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

/** A time of its own: a run that has used up its time cleans up, too. */
const cleanUpTimeoutMs = 10_000;

interface SmokeOptions {
  /** For the whole run, milliseconds; checks that find no time left fail. */
  timeoutMs: number;
  /** Called as soon as a check has ended. */
  onResult?: (result: SmokeResult) => void;
}

/**
 * Holds the API at an address against what it promises, over HTTP alone. Everything it makes
 * belongs to two accounts of its own with random names; their conversations and sessions are gone
 * afterwards, the accounts stay, because the API has no way to delete one.
 *
 * @throws {NoAnswer} when nothing answers at the address at all
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

/** What a broken API does not let go stays: the checks have said what is broken. */
async function cleanUp({ ada, bob }: SmokeSession, client: SmokeClient): Promise<void> {
  try {
    for (const { accessToken: token, refreshToken, conversations } of [ada, bob]) {
      for (const id of conversations)
        await client.call('DELETE', `/api/conversations/${id}`, { token });
      if (refreshToken) await client.call('POST', '/api/logout', { body: { refreshToken } });
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
}
