/** The answer of a release through the load balancer. */
export interface HttpAnswer {
  status: number;
  /** The release, as it says at the liveness path. */
  release?: string;
}

const patienceMs = 5000;

/**
 * One request as a visitor would send it. Follows no redirect: that would be another address than
 * the one asked about.
 *
 * @throws Error that says why there was no answer
 */
export async function httpAnswer(url: string): Promise<HttpAnswer> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patienceMs) });
    body = await response.text();
  } catch (error) {
    const { name, message, cause } = error as Error & {
      cause?: { code?: string; message?: string };
    };
    if (name === 'TimeoutError')
      throw new Error(`no answer within ${patienceMs / 1000} s`, { cause: error });
    if (cause?.code === 'ENOTFOUND')
      throw new Error('its name is not in the DNS', { cause: error });
    throw new Error(cause?.code ?? cause?.message ?? message, { cause: error });
  }
  return { status: response.status, ...releaseOf(body) };
}

/** Says why a release is not ready at a base URL; empty when it is. */
export async function complaint(
  base: string,
  { readinessPath, livenessPath }: { readinessPath: string; livenessPath: string },
  release: string,
  ask: (url: string) => Promise<HttpAnswer>,
): Promise<string> {
  try {
    const ready = await ask(base + readinessPath);
    if (ready.status !== 200) return `${readinessPath} answers ${ready.status}`;
    const alive = await ask(base + livenessPath);
    if (alive.status !== 200) return `${livenessPath} answers ${alive.status}`;
    return alive.release === release
      ? ''
      : `it says it is release ${alive.release ?? 'unknown'}, not ${release}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function releaseOf(body: string): { release?: string } {
  try {
    const { release } = JSON.parse(body) as { release?: unknown };
    return typeof release === 'string' ? { release } : {};
  } catch {
    return {};
  }
}
