import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const defaultHost = 'unix:///var/run/docker.sock';

/**
 * The Docker endpoint this process should talk to: `DOCKER_HOST`, else the current `docker
 * context`, else the default socket. Found once and handed to the Pulumi provider and to dockerode
 * alike, so that both see the same engine.
 *
 * @returns a URL such as `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`
 * @throws when the chosen context does not exist
 */
export function dockerHost(env: NodeJS.ProcessEnv = process.env, home: string = homedir()): string {
  if (env['DOCKER_HOST']) return env['DOCKER_HOST'];
  const configDir = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const context = env['DOCKER_CONTEXT'] ?? currentContext(join(configDir, 'config.json'));
  if (!context || context === 'default') return defaultHost;
  // The docker client files each context under the SHA-256 of its name.
  const folder = createHash('sha256').update(context).digest('hex');
  const meta = join(configDir, 'contexts', 'meta', folder, 'meta.json');
  if (!existsSync(meta)) {
    throw new Error(
      `The Docker context "${context}" does not exist. See \`docker context ls\`, or set DOCKER_HOST.`,
    );
  }
  const parsed = JSON.parse(readFileSync(meta, 'utf8')) as {
    Endpoints?: { docker?: { Host?: string } };
  };
  return parsed.Endpoints?.docker?.Host ?? defaultHost;
}

function currentContext(configFile: string): string | undefined {
  if (!existsSync(configFile)) return undefined;
  const parsed = JSON.parse(readFileSync(configFile, 'utf8')) as { currentContext?: string };
  return parsed.currentContext;
}
