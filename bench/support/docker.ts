import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { dockerHost } from '../../infra/docker-engine/host.ts';

/** The engine that the benchmarks run on. */
export const docker = dockerClient(dockerHost());
