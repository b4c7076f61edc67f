import { DescribeServicesCommand, type Service } from '@aws-sdk/client-ecs';
import { awsClients, type AwsClients } from '../../../ecs/awsClients.ts';
import type { AwsConnection } from '../../../release/awsConnection.ts';
import { explainAwsError } from '../../../ecs/awsError.ts';
import { primaryOf, unusable, type EcsTarget } from './serviceDeployment.ts';

/** Those of a release's services that still serve what it says. */
export async function servingTargets(
  connection: AwsConnection & { cluster: string },
  targets: EcsTarget[],
  clients: AwsClients = awsClients(connection),
): Promise<EcsTarget[]> {
  let services: Map<string, Service>;
  try {
    services = await describeServices(clients, connection.cluster, targets, (ask) => ask());
  } catch (error) {
    if ((error as Error).name === 'ClusterNotFoundException') return [];
    throw new Error(`The services could not be looked at: ${explainAwsError(error)}.`, {
      cause: error,
    });
  }
  return targets.filter((target) => {
    const service = services.get(target.name);
    if (!service || unusable(service, target)) return false;
    return (
      primaryOf(service)?.taskDefinition === target.taskDefinition &&
      (service.runningCount ?? 0) > 0
    );
  });
}

/** ECS describes ten services at a time. */
export async function describeServices(
  { ecs }: AwsClients,
  cluster: string,
  targets: EcsTarget[],
  request: <T>(ask: () => Promise<T>) => Promise<T>,
): Promise<Map<string, Service>> {
  const found = new Map<string, Service>();
  for (let at = 0; at < targets.length; at += 10) {
    const page = targets.slice(at, at + 10);
    const command = new DescribeServicesCommand({
      cluster,
      services: page.map(({ name }) => name),
    });
    const { services = [] } = await request(() => ecs.send(command));
    for (const { name } of page) {
      const service = services.find(
        ({ serviceName, serviceArn }) => serviceName === name || serviceArn === name,
      );
      if (service) found.set(name, service);
    }
  }
  return found;
}
