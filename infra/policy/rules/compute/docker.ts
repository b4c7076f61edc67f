import { baseImages } from '../../../docker-engine/baseImages.ts';
import type { Value } from '../../resource/value.ts';
import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';
import { isRoot } from './rootUser.ts';

const types = ['docker:index/container:Container'];

/** With these capabilities a container could take over its host, or read others' traffic. */
const dangerous = [
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'NET_ADMIN',
  'NET_RAW',
  'DAC_READ_SEARCH',
  'BPF',
];

/** A container that mounts one of these paths of the host can take over the host. */
const hostPaths =
  /(^\/$|^\/(etc|proc|sys|dev|boot|root|var|var\/run|run|var\/lib\/docker)\/?$|(docker|containerd|podman|crio)[^/]*\.sock$)/;

/** The paths of the host that a container mounts. */
function mounts(props: Value): Value[] {
  const volumes = props.get('volumes').list();
  const binds = props
    .get('mounts')
    .list()
    .filter((mount) => mount.get('type').text() === 'bind');
  return [
    ...volumes.map((volume) => volume.get('hostPath')),
    ...binds.map((mount) => mount.get('source')),
  ];
}

/** How containers run on Docker, where nothing stands between them and the machine. */
export const dockerRules: Rule[] = [
  propertyRule({
    id: 'docker-read-only-root',
    title: 'Containers have a read-only root file system',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set readOnly to true. Mount tmpfs or a volume where the program writes.',
    types,
    path: 'readOnly',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'docker-non-root',
    title: 'Containers do not run as root',
    severity: 'medium',
    level: 'mandatory',
    note: `Not judged for ${baseImages.postgres}, which takes its data directory as root and then becomes postgres.`,
    fix: 'Set user, such as "1000:1000".',
    types,
    check: ({ props }) => {
      const user = props.get('user').text();
      if (user) return isRoot(user) && `it runs as ${user}`;
      return props.get('image').text() !== baseImages.postgres && 'it names no user';
    },
  },
  {
    id: 'docker-drop-capabilities',
    title: 'Containers drop every Linux capability and add back no dangerous one',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set capabilities to { drops: ["ALL"] }; add only those that the program needs.',
    types,
    check: ({ props }) => {
      const capabilities = (path: string) =>
        props
          .get(`capabilities.${path}`)
          .texts()
          .map((name) => name.toUpperCase().replace(/^CAP_/, ''));
      if (!capabilities('drops').includes('ALL')) return 'it keeps the default capabilities';
      const added = capabilities('adds').filter((name) => dangerous.includes(name));
      return added.length > 0 && `it adds ${added.join(', ')}`;
    },
  },
  {
    id: 'docker-no-new-privileges',
    title: 'Containers cannot gain privileges',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add "no-new-privileges:true" to securityOpts.',
    types,
    check: ({ props }) => {
      const options = props.get('securityOpts').texts();
      const refused = options.some((option) => /^no-new-privileges([:=]true)?$/.test(option));
      return refused ? undefined : 'securityOpts has no no-new-privileges';
    },
  },
  propertyRule({
    id: 'docker-not-privileged',
    title: 'Containers are not privileged',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Remove privileged, and add the one capability that is needed.',
    types,
    path: 'privileged',
    wanted: false,
    byDefault: false,
  }),
  {
    id: 'docker-no-host-namespaces',
    title: "Containers do not share the host's network, processes or memory",
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove "host" from networkMode, pidMode, ipcMode and usernsMode.',
    types,
    check: ({ props }) => {
      const shared = ['networkMode', 'pidMode', 'ipcMode', 'usernsMode'].filter(
        (name) => props.get(name).text() === 'host',
      );
      return shared.length > 0 && `${shared.join(', ')} is host`;
    },
  },
  {
    id: 'docker-no-engine-socket',
    title: "Containers mount neither the engine's socket nor the host's system folders",
    severity: 'critical',
    level: 'mandatory',
    fix: 'Remove the mount: access to the engine is root on the host.',
    types,
    check: ({ props }, report) =>
      report.each(mounts(props), (source) => {
        const path = source.text();
        return path && hostPaths.test(path) && `it mounts ${path}`;
      }),
  },
  {
    id: 'docker-loopback-ports',
    title: 'Ports are published on the loopback address only',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set ip of the port to 127.0.0.1. Without it Docker publishes on every address, past the firewall.',
    types,
    check: ({ props }, report) => {
      if (props.get('publishAllPorts').flag()) report.violation('publishAllPorts is true');
      return report.each(props.get('ports').list(), (port) => {
        const ip = port.get('ip').text() ?? '0.0.0.0';
        if (ip === '127.0.0.1' || ip === '::1') return undefined;
        return `port ${port.get('internal').text() ?? ''} is published on ${ip}`;
      });
    },
  },
  propertyRule({
    id: 'docker-memory-limit',
    title: 'Containers have a memory limit',
    severity: 'low',
    level: 'mandatory',
    fix: 'Set memory and an equal memorySwap, in MiB.',
    types,
    path: 'memory',
    wanted: { least: 1 },
    byDefault: 'no limit',
  }),
];
