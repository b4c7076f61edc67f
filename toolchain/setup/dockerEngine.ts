import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { lastLines, which } from '../lib/exec.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import type { StepResult } from '../lib/progress.ts';
import { aptInstall, isDebianRoot } from '../machine/host.ts';

const logFile = '/var/log/slipway-dockerd.log';
const startLimitMs = 60_000;

/**
 * Uses the running Docker engine; else installs and starts one where we are root on Debian; else
 * says what to do.
 */
export async function ensureDockerEngine(note: (line: string) => void): Promise<StepResult> {
  const host = dockerHost();
  const first = await probe(host);
  if (first.version !== undefined)
    return { found: `${first.version} runs at ${host}`, worked: false };
  if (host !== 'unix:///var/run/docker.sock') {
    throw new UserFault(
      `No Docker engine answers at ${host} (from DOCKER_HOST or the current docker context): ${first.reason}.`,
      'Start it, or choose another: `unset DOCKER_HOST`, or `docker context use default`.',
    );
  }
  if (first.denied) {
    throw new UserFault(
      'A Docker engine runs, but you may not use its socket /var/run/docker.sock.',
      'Join its group, then log in again: `sudo usermod -aG docker "$USER"`.',
    );
  }
  if (!isDebianRoot())
    throw new UserFault(`No Docker engine answers at ${host}: ${first.reason}.`, howToInstall());

  const missing = [
    ...(which('dockerd') ? [] : ['docker.io']),
    ...(which('iptables') ? [] : ['iptables']),
  ];
  if (missing.length > 0) {
    note(`installing Debian's ${missing.join(' and ')}`);
    await aptInstall(missing);
    // Newer Debians keep the command line client apart; only `make psql` needs it.
    if (!which('docker')) await aptInstall(['docker-cli']).catch(() => undefined);
  }
  const version = (await probe(host)).version ?? (await start(host, note));
  return {
    found: `${version}, started at ${host}${existsSync(logFile) ? `, log in ${logFile}` : ''}`,
    worked: true,
  };
}

async function start(host: string, note: (line: string) => void): Promise<string> {
  note('starting dockerd');
  const log = openSync(logFile, 'a');
  // Detached, in a session of its own: it stays when this terminal closes. Proxies and certificates
  // come by the environment.
  const child = spawn(which('dockerd') ?? 'dockerd', [], {
    detached: true,
    stdio: ['ignore', log, log],
    env: engineEnvironment(),
  });
  let ended = false;
  let end = Date.now() + startLimitMs;
  // Ours ends at once when the package's own init script has started one: then that one gets its
  // time to answer.
  const onEnd = (): void => {
    ended = true;
    end = Math.min(end, Date.now() + 10_000);
  };
  child.on('exit', onEnd).on('error', onEnd);
  child.unref();
  for (; Date.now() < end; await sleep(200)) {
    const { version } = await probe(host);
    if (version !== undefined) return version;
  }
  throw new UserFault(
    `dockerd ${ended ? 'ended' : `did not answer within ${startLimitMs / 1000} s`}. The end of ${logFile}:\n${lastLines(readFileSync(logFile, 'utf8'), 8)}`,
    'Mend what it names, or start an engine yourself, then run `make up` again.',
  );
}

/**
 * dockerd finds its helpers in the sbin folders, and must not take a client's settings for its own.
 */
function engineEnvironment(): NodeJS.ProcessEnv {
  const clientSettings = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG'];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !clientSettings.includes(name)),
  );
  return { ...env, PATH: `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}

async function probe(host: string): Promise<{ version?: string; reason: string; denied: boolean }> {
  try {
    const limit = sleep(5000, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('no answer within 5 s')),
    );
    const { Version } = await Promise.race([dockerClient(host).version(), limit]);
    return { version: `Docker ${Version}`, reason: '', denied: false };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { reason: messageOf(error), denied: code === 'EACCES' || code === 'EPERM' };
  }
}

function howToInstall(): string {
  if (process.platform === 'darwin')
    return 'Install and start Docker Desktop, OrbStack or Colima, then run `make up` again.';
  if (which('dockerd')) return 'Start it: `sudo systemctl start docker`, then run `make up` again.';
  if (existsSync('/etc/debian_version')) {
    return 'Install it: `sudo apt-get install docker.io iptables && sudo usermod -aG docker "$USER"`, log in again, then run `make up`.';
  }
  return 'Install Docker Engine (https://docs.docker.com/engine/install/), then run `make up` again.';
}
