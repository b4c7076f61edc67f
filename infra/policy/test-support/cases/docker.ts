import { sample, type Props, type ResourceCases, type StackCases } from '../samples.ts';
import { unknown } from '../../resource/value.ts';

const container = (props: Props, secrets: string[] = []) =>
  sample('docker:index/container:Container', props, { secrets });
const id = `sha256:${'0'.repeat(64)}`;

export const dockerCases: ResourceCases = {
  'docker-read-only-root': {
    passes: { 'read-only': container({ readOnly: true }) },
    fires: { 'the default': container({ readOnly: false }), 'no word about it': container({}) },
  },
  'docker-non-root': {
    passes: {
      'a user by number': container({ image: id, user: '1000:1000' }),
      'the image of Postgres': container({ image: 'postgres:17' }),
      'no user, of an image that is not known yet': container({ image: unknown }),
    },
    fires: {
      'no user': container({ image: id }),
      root: container({ image: id, user: 'root' }),
      'the root group does not hide root': container({ image: id, user: '0:1000' }),
    },
  },
  'docker-drop-capabilities': {
    passes: {
      none: container({ capabilities: { drops: ['ALL'] } }),
      'some that do no harm': container({ capabilities: { drops: ['ALL'], adds: ['CAP_CHOWN'] } }),
    },
    fires: {
      'the default ones': container({}),
      'one that takes over the host': container({
        capabilities: { drops: ['ALL'], adds: ['CAP_SYS_ADMIN'] },
      }),
    },
  },
  'docker-no-new-privileges': {
    passes: { set: container({ securityOpts: ['no-new-privileges:true'] }) },
    fires: {
      none: container({}),
      'another option': container({ securityOpts: ['seccomp=unconfined'] }),
    },
  },
  'docker-not-privileged': {
    passes: { 'no word about it': container({}) },
    fires: { privileged: container({ privileged: true }) },
  },
  'docker-no-host-namespaces': {
    passes: { 'a network of its own': container({ networkMode: 'bridge' }) },
    fires: {
      "the host's network": container({ networkMode: 'host' }),
      "the host's processes": container({ pidMode: 'host' }),
    },
  },
  'docker-no-engine-socket': {
    passes: {
      'a volume': container({ volumes: [{ volumeName: 'data', containerPath: '/data' }] }),
      'a folder': container({ volumes: [{ hostPath: '/srv/files', containerPath: '/files' }] }),
      'a mount that is no bind': container({ mounts: [{ type: 'volume', source: 'data' }] }),
    },
    fires: {
      'the socket': container({
        volumes: [{ hostPath: '/var/run/docker.sock', containerPath: '/var/run/docker.sock' }],
      }),
      'the socket, as a mount': container({
        mounts: [{ type: 'bind', source: '/run/containerd/containerd.sock' }],
      }),
      'the whole host': container({
        volumes: [{ volumeName: 'x' }, { hostPath: '/', containerPath: '/host' }],
      }),
    },
  },
  'docker-loopback-ports': {
    passes: {
      'the loopback': container({ ports: [{ internal: 80, external: 8000, ip: '127.0.0.1' }] }),
      none: container({}),
    },
    fires: {
      'every address': container({ ports: [{ internal: 80, external: 8000 }] }),
      'every address, said': container({
        ports: [{ internal: 80, external: 8000, ip: '0.0.0.0' }],
      }),
      'every port': container({ publishAllPorts: true }),
    },
  },
  'docker-memory-limit': {
    passes: { limited: container({ memory: 256 }) },
    fires: { 'no limit': container({}), 'zero is no limit': container({ memory: 0 }) },
  },
  'docker-image-by-id': {
    passes: {
      'an id': container({ image: id }),
      'a digest': container({ image: `example.com/app@${id}` }),
      'a base image': container({ image: 'nginx:1.28' }),
    },
    fires: {
      'a tag': container({ image: 'slipway-dev:0123456789abcdef' }),
      latest: container({ image: 'nginx:latest' }),
    },
  },
  'docker-no-plain-secrets': {
    passes: {
      'a secret line': container({ envs: ['POSTGRES_PASSWORD=x'] }, ['envs[0]']),
      'no secret': container({ envs: ['POSTGRES_USER=slipway', 'PORT=3000'] }),
      'a script': container({ envs: ['GATEWAY_SCRIPT=set -e\nexec nginx -g "daemon off;"'] }),
    },
    fires: {
      'a plain password': container({ envs: ['PORT=3000', 'POSTGRES_PASSWORD=x'] }),
      'a plain one beside a secret one': container(
        { envs: ['A_SECRET=x', 'POSTGRES_PASSWORD=x'] },
        ['envs[0]'],
      ),
      'a plain one beside one that is not known': container({
        envs: [unknown, 'POSTGRES_PASSWORD=x'],
      }),
    },
  },
};

const migrations = { name: 'migrations', type: 'slipway:index:MigrationRun' };
const api = { name: 'api', type: 'docker:index/container:Container' };
const ecsService = { name: 'service', type: 'aws:ecs/service:Service' };
const component = { name: 'component', type: 'slipway:docker:Service' };
const rollout = { name: 'rollout', type: 'slipway:index:Rollout' };
const postgres = { ...api, name: 'postgres', parent: 'Postgres' };
const infrastructure = { name: 'Postgres', type: 'slipway:docker:Postgres' };

export const releaseStackCases: StackCases = {
  'release-after-migrations': {
    passes: {
      directly: [migrations, { ...ecsService, needs: ['migrations'] }],
      'by way of its component': [
        migrations,
        { ...component, needs: ['migrations'] },
        { ...api, parent: 'component' },
      ],
      'by way of another resource': [
        migrations,
        { name: 'x', type: 'x', needs: ['migrations'] },
        { ...api, from: { image: ['x'] } },
      ],
      'the database itself': [infrastructure, postgres],
    },
    fires: {
      'a service that does not wait': [migrations, ecsService],
      'no migrations': [api],
      'a worker beside an api that waits': [
        migrations,
        { ...api, needs: ['migrations'] },
        { ...api, name: 'worker' },
      ],
    },
  },
  'release-watched': {
    passes: {
      watched: [ecsService, { ...rollout, needs: ['service'] }],
      'by one property': [api, { ...rollout, from: { targets: ['api'] } }],
      'the database itself': [infrastructure, postgres],
    },
    fires: {
      'no rollout': [ecsService],
      'a rollout of another service': [
        api,
        { ...api, name: 'worker' },
        { ...rollout, needs: ['api'] },
      ],
    },
  },
};
