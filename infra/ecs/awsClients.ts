import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsConnection } from '../release/awsConnection.ts';

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
