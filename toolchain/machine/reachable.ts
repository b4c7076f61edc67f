import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Whether a host answers on a port: one try, so that a blocked network costs seconds and not
 * minutes. With a proxy set, asks by HTTP through it (Node does that itself with
 * NODE_USE_ENV_PROXY).
 */
export async function reachable(url: string, limitMs = 3000): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  if (proxyFor(url) !== undefined) {
    return fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(limitMs) }).then(
      (answer) => answer.status < 500 && answer.status !== 403 && answer.status !== 407,
      () => false,
    );
  }
  const address = await Promise.race([
    lookup(hostname).then(
      (found) => found.address,
      () => undefined,
    ),
    sleep(limitMs, undefined, { ref: false }),
  ]);
  if (address === undefined) return false;
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port: Number(port || (protocol === 'http:' ? 80 : 443)),
      timeout: limitMs,
    });
    const answer = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket
      .on('connect', () => answer(true))
      .on('timeout', () => answer(false))
      .on('error', () => answer(false));
  });
}

/** The proxy that a URL goes through by the usual variables, or undefined. */
export function proxyFor(url: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { hostname, protocol } = new URL(url);
  const excluded = (env['NO_PROXY'] ?? env['no_proxy'] ?? '')
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''));
  if (
    excluded.some(
      (entry) =>
        entry === '*' || (entry !== '' && (hostname === entry || hostname.endsWith(`.${entry}`))),
    )
  ) {
    return undefined;
  }
  const name = protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  return env[name] ?? env[name.toLowerCase()] ?? undefined;
}

/** The proxy variables that are set, to hand on to builds and engines. */
export function proxyVariables(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}
