import { unknown } from '../../resource/value.ts';
import { sample, type Props, type ResourceCases } from '../samples.ts';

const service = (props: Props, settings = {}) =>
  sample('aws:ecs/service:Service', props, { settings });
const task = (props: Props) => sample('aws:ecs/taskDefinition:TaskDefinition', props);
/** Container definitions as the provider takes them: JSON text. */
const containers = (...list: Props[]) => task({ containerDefinitions: JSON.stringify(list) });
const digest = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/app@sha256:${'a'.repeat(64)}`;

export const ecsCases: ResourceCases = {
  'ecs-no-public-ip': {
    passes: {
      'a private task': service({ networkConfiguration: { assignPublicIp: false } }),
      'cost: lean, which has no NAT': service(
        { networkConfiguration: { assignPublicIp: true } },
        { cost: 'lean' },
      ),
      'no word about it': service({ networkConfiguration: { subnets: ['subnet-1'] } }),
    },
    fires: {
      'a public address': service(
        { networkConfiguration: { assignPublicIp: true } },
        { cost: 'standard' },
      ),
      'the block as a list': service({ networkConfiguration: [{ assignPublicIp: true }] }),
      'the flag as text': service({ networkConfiguration: { assignPublicIp: 'true' } }),
    },
  },
  'ecs-no-host-processes': {
    passes: { 'its own processes': task({ pidMode: 'task' }), 'no word about it': task({}) },
    fires: { "the host's processes": task({ pidMode: 'host' }) },
  },
  'ecs-no-host-network': {
    passes: { awsvpc: task({ networkMode: 'awsvpc' }) },
    fires: { "the host's network": task({ networkMode: 'host' }) },
  },
  'ecs-not-privileged': {
    passes: { 'no word about it': containers({ name: 'api' }) },
    fires: { 'one of two': containers({ name: 'api' }, { name: 'agent', privileged: true }) },
  },
  'ecs-read-only-root': {
    passes: { 'read-only': containers({ name: 'api', readonlyRootFilesystem: true }) },
    fires: {
      'no word about it': containers({ name: 'api' }),
      'definitions that are not JSON text': task({ containerDefinitions: [{ name: 'api' }] }),
      'a container beside one that is not known': task({
        containerDefinitions: [unknown, { name: 'api' }],
      }),
    },
  },
  'ecs-non-root': {
    passes: { 'a user by number': containers({ name: 'api', user: '1000:1000' }) },
    fires: {
      'no user': containers({ name: 'api' }),
      'root by name': containers({ name: 'api', user: 'root' }),
      'root by number': containers({ name: 'api', user: '0:0' }),
    },
  },
  'ecs-drop-capabilities': {
    passes: {
      'none left': containers({
        name: 'api',
        linuxParameters: { capabilities: { drop: ['ALL'] } },
      }),
    },
    fires: {
      'the default ones': containers({ name: 'api' }),
      'all but some': containers({
        name: 'api',
        linuxParameters: { capabilities: { drop: ['NET_RAW'] } },
      }),
    },
  },
  'ecs-logs': {
    passes: { awslogs: containers({ name: 'api', logConfiguration: { logDriver: 'awslogs' } }) },
    fires: {
      'no logs': containers({ name: 'api' }),
      'the driver none': containers({ name: 'api', logConfiguration: { logDriver: 'none' } }),
    },
  },
  'ecs-platform-version': {
    passes: { latest: service({ platformVersion: 'LATEST' }), 'no word about it': service({}) },
    fires: { 'an old one': service({ platformVersion: '1.3.0' }) },
  },
  'ecs-container-insights': {
    passes: {
      enabled: sample('aws:ecs/cluster:Cluster', {
        settings: [{ name: 'containerInsights', value: 'enabled' }],
      }),
      enhanced: sample('aws:ecs/cluster:Cluster', {
        settings: [{ name: 'containerInsights', value: 'enhanced' }],
      }),
    },
    fires: {
      'no word about it': sample('aws:ecs/cluster:Cluster', {}),
      disabled: sample('aws:ecs/cluster:Cluster', {
        settings: [{ name: 'containerInsights', value: 'disabled' }],
      }),
    },
  },
  'ecs-efs-encrypted': {
    passes: {
      'encrypted in transit': task({
        volumes: [{ name: 'v', efsVolumeConfiguration: { transitEncryption: 'ENABLED' } }],
      }),
      'another kind of volume': task({ volumes: [{ name: 'tmp' }] }),
    },
    fires: {
      'no word about it': task({
        volumes: [{ name: 'v', efsVolumeConfiguration: { fileSystemId: 'fs-1' } }],
      }),
    },
  },
  'ecs-circuit-breaker': {
    passes: {
      'rolls back': service({ deploymentCircuitBreaker: { enable: true, rollback: true } }),
    },
    fires: {
      'no breaker': service({}),
      'no rollback': service({ deploymentCircuitBreaker: { enable: true, rollback: false } }),
    },
  },
  'ecs-full-capacity': {
    passes: {
      'the default': service({}),
      'all of them': service({ deploymentMinimumHealthyPercent: 100 }),
    },
    fires: { 'half of them': service({ deploymentMinimumHealthyPercent: 50 }) },
  },
  'ecs-image-by-digest': {
    passes: { 'a digest': containers({ name: 'api', image: digest }) },
    fires: {
      'a tag': containers({ name: 'api', image: 'app:latest' }),
      'a sidecar by tag': containers(
        { name: 'api', image: digest },
        { name: 'agent', image: 'agent:1' },
      ),
      'no image': containers({ name: 'api' }),
    },
  },
  'ecs-no-plain-secrets': {
    passes: {
      'settings that are no secrets': containers({
        name: 'api',
        environment: [
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'ACCESS_TOKEN_EXPIRE_MINUTES', value: '30' },
          { name: 'RELEASE', value: `sha256:${'a1b2c3d4'.repeat(8)}` },
          { name: 'FRONTEND_URL', value: 'https://chat.example.com' },
        ],
        secrets: [
          { name: 'DATABASE_URL', valueFrom: 'arn:aws:secretsmanager:eu-central-1:1:secret:db' },
        ],
      }),
      'no environment': containers({ name: 'api' }),
    },
    fires: {
      'a name that says it': containers({
        name: 'api',
        environment: [{ name: 'JWT_SECRETS', value: 'k1:abc' }],
      }),
      'a URL with a password': containers({
        name: 'api',
        environment: [{ name: 'DATABASE_URL', value: 'postgres://app:hunter2@db:5432/app' }],
      }),
      'an access key': containers({
        name: 'api',
        environment: [{ name: 'X', value: 'AKIAIOSFODNN7EXAMPLE' }],
      }),
      'a random value': containers({
        name: 'api',
        environment: [{ name: 'PEPPER', value: 'q8Zr3VwN1xTbK6mYp0LsHd7JcE5uGfRa' }],
      }),
    },
  },
};
