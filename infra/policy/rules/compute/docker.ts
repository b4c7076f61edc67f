import { baseImages } from '../../../docker-engine/baseImages.ts';
import type { Resource, Rule, RuleInfo } from '../rule.ts';
import type { Value } from '../../judge/value.ts';
import { isRoot } from './ecs.ts';

const container = 'docker:index/container:Container';

/** Capabilities by which a container could take over its host, or see other containers' traffic. */
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

/** Paths of the host that give the host away. */
const hostPaths =
  /(^\/$|^\/(etc|proc|sys|dev|boot|root|var|var\/run|run|var\/lib\/docker)\/?$|(docker|containerd|podman|crio)[^/]*\.sock$)/;

const containerRule = (
  rule: Omit<RuleInfo, 'controls' | 'level'> & { controls?: string[]; level?: RuleInfo['level'] },
  fault: (resource: Resource) => string | undefined,
): Rule => ({
  controls: [],
  level: 'mandatory',
  ...rule,
  types: [container],
  check: (resource, report) => {
    const message = fault(resource);
    if (message) report.violation(message);
  },
});

const capability = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

function mounts(props: Value): Value[] {
  return [
    ...props
      .get('volumes')
      .list()
      .map((volume) => volume.get('hostPath')),
    ...props
      .get('mounts')
      .list()
      .filter((mount) => mount.get('type').text() === 'bind')
      .map((mount) => mount.get('source')),
  ];
}

/** How containers run on Docker, where no cloud stands between them and the machine. */
export const dockerRules: Rule[] = [
  containerRule(
    {
      id: 'docker-read-only-root',
      title: 'Containers have a read-only root file system',
      severity: 'medium',
      fix: 'Set readOnly to true, and tmpfs or a volume where the program writes.',
    },
    ({ props }) => (props.get('readOnly').flag() ? undefined : 'readOnly is not true'),
  ),
  containerRule(
    {
      id: 'docker-non-root',
      title: 'Containers run as a user other than root',
      severity: 'medium',
      note: `Not judged for ${baseImages.postgres}, which has to own its data directory first and becomes postgres by itself.`,
      fix: 'Set user, such as "1000:1000".',
    },
    ({ props }) => {
      const user = props.get('user').text();
      if (!user)
        return props.get('image').text() === baseImages.postgres ? undefined : 'it names no user';
      return isRoot(user) ? `it runs as ${user}` : undefined;
    },
  ),
  containerRule(
    {
      id: 'docker-drop-capabilities',
      title: 'Containers drop every Linux capability and take back none that is dangerous',
      severity: 'medium',
      fix: 'Set capabilities to { drops: ["ALL"] }; add only what the program cannot do without.',
    },
    ({ props }) => {
      const names = (path: string) => props.get(path).texts().map(capability);
      if (!names('capabilities.drops').includes('ALL')) return 'it keeps the default capabilities';
      const added = names('capabilities.adds').filter((name) => dangerous.includes(name));
      return added.length > 0 ? `it adds ${added.join(', ')}` : undefined;
    },
  ),
  containerRule(
    {
      id: 'docker-no-new-privileges',
      title: 'Containers cannot gain privileges',
      severity: 'medium',
      fix: 'Add "no-new-privileges:true" to securityOpts.',
    },
    ({ props }) =>
      props
        .get('securityOpts')
        .texts()
        .some((option) => /^no-new-privileges([:=]true)?$/.test(option))
        ? undefined
        : 'securityOpts has no no-new-privileges',
  ),
  containerRule(
    {
      id: 'docker-not-privileged',
      title: 'Containers are not privileged',
      severity: 'critical',
      fix: 'Remove privileged, and add the one capability that is needed.',
    },
    ({ props }) => (props.get('privileged').flag() ? 'privileged is true' : undefined),
  ),
  containerRule(
    {
      id: 'docker-no-host-namespaces',
      title: "Containers do not share the host's network, processes or memory",
      severity: 'high',
      fix: 'Remove networkMode, pidMode, ipcMode or usernsMode "host".',
    },
    ({ props }) => {
      const shared = ['networkMode', 'pidMode', 'ipcMode', 'usernsMode'].filter(
        (name) => props.get(name).text() === 'host',
      );
      return shared.length > 0 ? `${shared.join(', ')} is host` : undefined;
    },
  ),
  {
    id: 'docker-no-engine-socket',
    controls: [],
    title: "Containers reach neither the engine's socket nor the host's system folders",
    severity: 'critical',
    level: 'mandatory',
    fix: 'Remove the mount: whoever may ask the engine is root on the host.',
    types: [container],
    check: ({ props }, report) =>
      report.each(mounts(props), (source) => {
        const path = source.text();
        if (path && hostPaths.test(path)) report.violation(`it mounts ${path}`);
      }),
  },
  {
    id: 'docker-loopback-ports',
    controls: [],
    title: 'Ports are published on the loopback alone',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set ip of the port to 127.0.0.1: Docker publishes on every address otherwise, past the firewall.',
    types: [container],
    check: ({ props }, report) => {
      if (props.get('publishAllPorts').flag()) report.violation('publishAllPorts is true');
      report.each(props.get('ports').list(), (port) => {
        const ip = port.get('ip').text() ?? '0.0.0.0';
        if (ip !== '127.0.0.1' && ip !== '::1')
          report.violation(`port ${port.get('internal').text() ?? ''} is published on ${ip}`);
      });
    },
  },
  containerRule(
    {
      id: 'docker-memory-limit',
      title: 'Containers have a limit of memory',
      severity: 'low',
      fix: 'Set memory and an equal memorySwap, MiB.',
    },
    ({ props }) => ((props.get('memory').number() ?? 0) > 0 ? undefined : 'memory is not limited'),
  ),
];
