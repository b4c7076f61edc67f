import type { ServiceBlueprint } from '../blueprint.ts';

/**
 * Asks an instance whether it is ready, from within its container. By the shell itself: starting
 * Node for each probe would cost more than the probe.
 */
export function healthProbe({
  port,
  readinessPath,
}: Pick<ServiceBlueprint, 'port' | 'readinessPath'>): string[] {
  const script =
    `exec 3<>/dev/tcp/127.0.0.1/${port} && ` +
    `printf 'GET ${readinessPath} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && ` +
    `read -r _ status _ <&3 && [ "$status" = 200 ]`;
  return ['CMD', 'bash', '-c', script];
}
