import { plainSecret } from '../../resource/plainSecret.ts';
import type { Rule } from '../rule.ts';
import { taskContainerRule } from '../shapes/taskContainerRule.ts';

/** The properties that hold a secret, by type. */
const secretProperties: Record<string, string[]> = {
  'aws:rds/instance:Instance': ['password'],
  'aws:elasticache/replicationGroup:ReplicationGroup': ['authToken'],
  'aws:secretsmanager/secretVersion:SecretVersion': ['secretString', 'secretBinary'],
};

export const secretsRules: Rule[] = [
  taskContainerRule(
    {
      id: 'ecs-no-plain-secrets',
      controls: ['ECS.8'],
      title: 'Tasks read their secrets from a store, not from plain environment variables',
      severity: 'high',
      level: 'mandatory',
      fix: 'Put the value into Secrets Manager and name its ARN in secrets of the container definition.',
    },
    (container, report) =>
      report.each(container.get('environment').list(), (variable) => {
        const name = variable.get('name').text() ?? '';
        const reason = plainSecret(name, variable.get('value').text() ?? '');
        return reason && `has ${name} in plain text: ${reason}`;
      }),
  ),
  {
    id: 'docker-no-plain-secrets',
    title: 'Environment variables with a secret are marked as secrets',
    severity: 'high',
    level: 'mandatory',
    note: 'A Pulumi secret stays encrypted in the state. Whoever has the Docker socket can still read it (SECURITY.md).',
    fix: 'Take the value from infra/secrets.ts, or wrap it in pulumi.secret().',
    types: ['docker:index/container:Container'],
    check: ({ props, isSecret }, report) =>
      report.each(props.get('envs').list(), (line) => {
        const text = line.text() ?? '';
        const name = text.split('=', 1)[0] ?? '';
        const reason = plainSecret(name, text.slice(name.length + 1));
        return reason && !isSecret(line.path) && `${name} is plain text: ${reason}`;
      }),
  },
  {
    id: 'secret-inputs',
    title: 'Passwords and contents of secrets are marked as secrets',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Take the value from infra/secrets.ts, or wrap it in pulumi.secret(). Otherwise the state and previews show it.',
    types: Object.keys(secretProperties),
    check: ({ type, props, isSecret }, report) =>
      report.each(
        secretProperties[type] ?? [],
        (name) => props.get(name).isSet && !isSecret(name) && `${name} is plain text`,
      ),
  },
];
