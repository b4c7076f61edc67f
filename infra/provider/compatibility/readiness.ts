import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { containerExec } from '../../docker-engine/containerExec.ts';

/** How long an ended container may take to say its exit code, milliseconds. */
const exitCodeMs = 5000;

/** $0: port, $1: path, $2: seconds. Ends with 1 and the last answer when the time is over. */
const untilReady = [
  'ask() { exec 3<>/dev/tcp/127.0.0.1/"$1" && printf "GET $2 HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" >&3 && timeout 3 cat <&3; }',
  'until answer=$(ask "$0" "$1" 2> /dev/null) && [[ $answer == HTTP/1.?" 200 "* ]]; do',
  '  if ((SECONDS >= $2)); then printf %s "$answer"; exit 1; fi',
  '  sleep 0.1',
  'done',
].join('\n');

/**
 * Waits until an API answers 200 at its readiness path, asked inside its container.
 *
 * @returns why not, when it does not become ready
 */
export async function whyNotReady(
  docker: Docker,
  api: Docker.Container,
  app: { port: number; readinessPath: string; readinessTimeoutSeconds: number },
): Promise<string | undefined> {
  const { port, readinessPath, readinessTimeoutSeconds } = app;
  const args = [String(port), readinessPath, String(readinessTimeoutSeconds)];
  // One command that waits in there: each command costs the engine more than the question.
  const command = ['bash', '-c', untilReady, ...args];
  const asked = await containerExec(docker, api.id, command).catch(whenStopped);
  if (asked?.exitCode === 0) return undefined;
  // Any other exit code means that the script was ended with its container.
  if (asked?.exitCode !== 1) {
    const ended = (await Promise.race([api.wait(), sleep(exitCodeMs)])) as
      { StatusCode: number } | undefined;
    return ended
      ? `it ended with exit code ${ended.StatusCode}`
      : `it cannot be asked: ${asked?.output.trim()}`;
  }
  const { stdout } = asked;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(stdout)?.[1];
  return status
    ? `${status} ${stdout.slice(stdout.indexOf('\r\n\r\n') + 4).slice(0, 400)}`
    : 'no answer';
}

/** The engine refuses a command in a container that has ended. */
function whenStopped(error: unknown): undefined {
  if ((error as { statusCode?: number }).statusCode !== 409) throw error;
}
