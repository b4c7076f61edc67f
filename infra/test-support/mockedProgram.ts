// The Pulumi program from its first import to its last resource, with mocks in place of the engine.
// `bench/program.ts` measures it for both platforms: `docker <first port>` or `aws <endpoint>
// <account>`. The program asks the Docker engine as usual (are the ports free, is the base image
// there). It asks AWS at the endpoint.
import * as pulumi from '@pulumi/pulumi';

const [platform, where = '', account = ''] = process.argv.slice(2);
const firstPort = Number(where);
const dockerConfig = {
  seed: 'true',
  gatewayPort: String(firstPort),
  databasePort: String(firstPort + 1),
  metricsPort: String(firstPort + 2),
};
const awsConfig = {
  awsAccountId: account,
  awsEndpoint: where,
  domain: 'chat.example.com',
  githubRepository: 'acme/chat',
  stateBucket: 'acme-state',
};
const config = { platform, build: 'true', ...(platform === 'aws' ? awsConfig : dockerConfig) };
pulumi.runtime.setAllConfig({
  'aws:region': 'eu-central-1',
  ...Object.fromEntries(Object.entries(config).map(([key, value]) => [`slipway:${key}`, value])),
});
const fewest = platform === 'aws' ? 150 : 20;
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

const { default: outputs } = await import('../index.ts');
await new Promise((resolve) => pulumi.output(outputs).apply(resolve));
if (resources < fewest) throw new Error(`the program registered ${resources} resources only`);

/** The outputs that providers compute, as if every resource had been created. */
function computed(name: string): Record<string, unknown> {
  return {
    imageId: `sha256:${'0'.repeat(64)}`,
    result: 'x'.repeat(32),
    base64: 'eA==',
    name,
    repositoryUrl: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/app',
    // A certificate's record: it proves the ownership of the domain.
    domainValidationOptions: [
      {
        resourceRecordName: '_p.example.com',
        resourceRecordType: 'CNAME',
        resourceRecordValue: '_v.aws',
      },
    ],
  };
}
