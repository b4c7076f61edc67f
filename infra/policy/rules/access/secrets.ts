import { plainSecret } from '../../judge/plainSecret.ts';
import type { Rule } from '../rule.ts';
import { containerName, taskContainers } from '../compute/ecs.ts';

/** Properties that hold a secret, by the type of the resource. */
const secretProperties: Record<string, string[]> = {
  'aws:rds/instance:Instance': ['password'],
  'aws:rds/cluster:Cluster': ['masterPassword'],
  'aws:elasticache/replicationGroup:ReplicationGroup': ['authToken'],
  'aws:elasticache/user:User': ['passwords'],
  'aws:secretsmanager/secretVersion:SecretVersion': ['secretString', 'secretBinary'],
};

export const secretsRules: Rule[] = [
  {
    id: 'ecs-no-plain-secrets',
    controls: ['ECS.8'],
    title: 'Tasks get their secrets from a store, not as plain environment variables',
    severity: 'high',
    level: 'mandatory',
    fix: 'Put the value into Secrets Manager and name its ARN in secrets of the container definition.',
    types: ['aws:ecs/taskDefinition:TaskDefinition'],
    check: (task, report) =>
      report.each(taskContainers(task), (container) =>
        report.each(container.get('environment').list(), (variable) => {
          const name = variable.get('name').text() ?? '';
          const reason = plainSecret(name, variable.get('value').text() ?? '');
          if (reason)
            report.violation(`${name} of ${containerName(container)} is plain: ${reason}`);
        }),
      ),
  },
  {
    id: 'docker-no-plain-secrets',
    controls: [],
    title: 'Environment variables of containers that hold secrets are marked as secrets',
    severity: 'high',
    level: 'mandatory',
    note: 'A secret of Pulumi stays encrypted in the state; whoever may ask the Docker socket reads it all the same (SECURITY.md).',
    fix: 'Take the value from infra/secrets.ts, or wrap it in pulumi.secret().',
    types: ['docker:index/container:Container'],
    check: ({ props, isSecret }, report) =>
      report.each(props.get('envs').list(), (line) => {
        const text = line.text() ?? '';
        const name = text.split('=', 1)[0] ?? '';
        const reason = plainSecret(name, text.slice(name.length + 1));
        if (reason && !isSecret(line.path)) report.violation(`${name} is plain: ${reason}`);
      }),
  },
  {
    id: 'secret-inputs',
    controls: [],
    title: 'Passwords and the contents of secrets are marked as secrets',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Take the value from infra/secrets.ts, or wrap it in pulumi.secret(): it stands in the state and in previews otherwise.',
    types: Object.keys(secretProperties),
    check: ({ type, props, isSecret }, report) =>
      report.each(secretProperties[type] ?? [], (name) => {
        if (props.get(name).isSet && !isSecret(name)) report.violation(`${name} is plain`);
      }),
  },
];
