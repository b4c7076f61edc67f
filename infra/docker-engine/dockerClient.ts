import Docker from 'dockerode';

/**
 * @param host such as `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375` or `ssh://user@host`
 */
export function dockerClient(host: string): Docker {
  const url = new URL(host);
  if (url.protocol === 'unix:') return new Docker({ socketPath: url.pathname });
  const protocol = url.protocol === 'ssh:' ? 'ssh' : 'http';
  return new Docker({
    protocol,
    host: url.hostname,
    port: Number(url.port || (protocol === 'ssh' ? 22 : 2375)),
    ...(url.username ? { username: url.username } : {}),
  });
}
