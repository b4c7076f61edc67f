import { isIP } from 'node:net';
import { UserFault } from '../lib/fault.ts';

export const emulatorPort = 4566;

/** The emulator's only address on this machine. */
export const emulatorEndpoint = `http://127.0.0.1:${emulatorPort}`;

/** Where stacks on the emulator have to be. */
export const emulatorRegion = 'eu-central-1';

/** The credentials that the emulator takes; no account knows them. */
const dummy = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } as const;

/** The settings of a client of the AWS SDK that asks the emulator. */
export const emulatorClient = {
  endpoint: emulatorEndpoint,
  region: emulatorRegion,
  credentials: {
    accessKeyId: dummy.AWS_ACCESS_KEY_ID,
    secretAccessKey: dummy.AWS_SECRET_ACCESS_KEY,
  },
};

/**
 * Refuses an endpoint that is not on this machine: a rehearsal must never talk to AWS.
 *
 * @throws UserFault naming the endpoint
 */
export function requireLoopback(endpoint: string): URL {
  const next = 'Use the emulator that `make emulator-up` starts: http://127.0.0.1:4566.';
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch (cause) {
    throw new UserFault(`The endpoint "${endpoint}" is not a URL.`, next, { cause });
  }
  if (!/^https?:$/.test(url.protocol) || !isLoopback(url.hostname) || url.username !== '') {
    throw new UserFault(
      `The endpoint ${endpoint} is not on this machine's loopback; nothing was sent to it.`,
      next,
    );
  }
  return url;
}

/** By address only, but for `localhost`: another name may lead anywhere. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * The environment for everything that talks to the emulator: the given one without any way to real
 * AWS credentials, with the emulator's dummy ones. Every AWS_ variable goes, proxies leave the
 * loopback alone, and no file or metadata service is read.
 *
 * @throws UserFault when the endpoint is not on the loopback
 */
export function emulatorEnvironment(
  endpoint: string,
  env: NodeJS.ProcessEnv = process.env,
  region = emulatorRegion,
): NodeJS.ProcessEnv {
  const { href } = requireLoopback(endpoint);
  const kept = Object.entries(env).filter(
    ([name]) => !/^(AWS_|BOTO_)/.test(name) || name === 'AWS_CA_BUNDLE',
  );
  const direct = [env['NO_PROXY'] ?? env['no_proxy'], '127.0.0.1', 'localhost', '[::1]']
    .filter(Boolean)
    .join(',');
  return {
    ...Object.fromEntries(kept),
    ...dummy,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: href.replace(/\/$/, ''),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    NO_PROXY: direct,
    no_proxy: direct,
  };
}

/**
 * The ways to real AWS that an environment leaves open; none in one that `emulatorEnvironment`
 * made.
 */
export function credentialLeaks(env: NodeJS.ProcessEnv): string[] {
  const leaks: string[] = [];
  for (const name of ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ROLE_ARN'])
    if (env[name]) leaks.push(`${name} is set`);
  for (const name of ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'])
    if (env[name]) leaks.push(`${name} is set`);
  if (env['AWS_CONTAINER_CREDENTIALS_FULL_URI'])
    leaks.push('AWS_CONTAINER_CREDENTIALS_FULL_URI is set');
  for (const [name, value] of Object.entries(dummy))
    if (env[name] !== value) leaks.push(`${name} is not the emulator's`);
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])
    if (env[name] !== '/dev/null') leaks.push(`${name} does not point away from the user's file`);
  if (env['AWS_EC2_METADATA_DISABLED'] !== 'true')
    leaks.push('the instance metadata service may be asked');
  return leaks;
}
