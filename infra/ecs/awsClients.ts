import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';

/**
 * Where AWS is asked. Credentials are no part of it and so never come into the state: the
 * provider's process takes them from the environment it inherits from `pulumi`, by the SDK's
 * default chain (AWS_ACCESS_KEY_ID, AWS_PROFILE, SSO, a web identity, a container's or instance's
 * role).
 */
export interface AwsConnection {
  /** Such as `eu-central-1`. */
  region: string;
  /**
   * A profile of `~/.aws/config`, as in `aws:profile`; by default AWS_PROFILE, or what the
   * environment holds.
   */
  profile?: string | undefined;
  /** Other addresses than AWS' own, for an emulator: `http://127.0.0.1:4566`. */
  endpoints?: { ecs?: string; logs?: string; elbv2?: string } | undefined;
}

export interface AwsClients {
  ecs: ECSClient;
  logs: CloudWatchLogsClient;
  elbv2: ElasticLoadBalancingV2Client;
}

/**
 * Clients that retry throttled and failed requests, and give up on a request that gets no answer.
 */
export function awsClients({ region, profile, endpoints = {} }: AwsConnection): AwsClients {
  const options = (endpoint: string | undefined) => ({
    region,
    maxAttempts: 5,
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
    },
    ...(profile ? { profile } : {}),
    ...(endpoint ? { endpoint } : {}),
  });
  return {
    ecs: new ECSClient(options(endpoints.ecs)),
    logs: new CloudWatchLogsClient(options(endpoints.logs)),
    elbv2: new ElasticLoadBalancingV2Client(options(endpoints.elbv2)),
  };
}
