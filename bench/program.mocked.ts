// The Pulumi program from its first import to its last resource, with mocks in place of the engine: what `bench/program.ts`
// times. The Docker engine is asked as ever (are the ports free, is the base image there).
import * as pulumi from '@pulumi/pulumi';

const firstPort = Number(process.argv[2]);
const config = {
  platform: 'docker',
  build: 'true',
  seed: 'true',
  gatewayPort: String(firstPort),
  databasePort: String(firstPort + 1),
  metricsPort: String(firstPort + 2),
};
pulumi.runtime.setAllConfig(
  Object.fromEntries(Object.entries(config).map(([key, value]) => [`slipway:${key}`, value])),
);
let resources = 0;
await pulumi.runtime.setMocks(
  {
    newResource: ({ name, inputs }) => {
      resources++;
      return { id: `${name}-id`, state: { ...(inputs as object), ...computed(name) } };
    },
    call: () => ({}),
  },
  'slipway',
  'bench',
  false,
);

const { default: outputs } = await import('../infra/index.ts');
await new Promise((resolve) => pulumi.output(outputs).apply(resolve));
if (resources < 20) throw new Error(`the program registered ${resources} resources only`);

/** What providers compute: as if every resource had been created. */
function computed(name: string): Record<string, unknown> {
  return { imageId: `sha256:${'0'.repeat(64)}`, result: 'x'.repeat(32), base64: 'eA==', name };
}
