import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserFault } from '../lib/fault.ts';
import { goBuild } from '../stand-ins/go.ts';
import { sourceHash } from '../stand-ins/origin.ts';
import { pluginOrigin, versionOf, type Plugin } from './plugins.ts';
import {
  findProvider,
  mirrorPlaces,
  mirrorVariable,
  providerExecutable,
  thisPlatform,
} from '../stand-ins/terraformMirror.ts';

/** Beside the bridge: the path of the Terraform provider that it starts. */
const pathFile = 'terraform-provider.path';

/** The plugin of a stack on AWS, or its rehearsal; a stack on Docker does not wait for it. */
export function awsPlugin(): Plugin {
  const version = versionOf('aws');
  const provider = findProvider();
  return {
    name: 'aws',
    version,
    recipe: sourceHash(
      ['bridge-aws/*.go', 'bridge-aws/go.*', 'bridge-aws/mapping.json'],
      version,
      provider?.path ?? 'no provider',
    ),
    make: async (output, note) => {
      if (provider === undefined) throw missing();
      note(
        `building the bridge to the Terraform provider ${provider.version} of ${provider.mirror} (1 to 5 minutes)`,
      );
      const executable = await providerExecutable(provider);
      await goBuild({
        module: 'bridge-aws',
        package: '.',
        output,
        ldflags: `-s -w -X main.version=${version}`,
      });
      writeFileSync(join(dirname(output), pathFile), `${executable}\n`);
    },
  };
}

function missing(): UserFault {
  const looked = [...new Set(mirrorPlaces().map(({ path }) => path))].join(', ');
  return new UserFault(
    `Pulumi's AWS plugin cannot be downloaded, and there is no Terraform AWS provider 5.x for ${thisPlatform()} to build one over (looked in ${looked}).`,
    `Make get.pulumi.com reachable; or copy a mirror here (on a machine with Terraform: \`terraform providers mirror <folder>\` with hashicorp/aws 5.100.0 required) and set ${mirrorVariable}=<folder>. See docs/aws-plugin.md.`,
  );
}

/**
 * The finding of `make doctor`: where the plugin is from, and which Terraform provider stands
 * behind it or could.
 */
export function awsPluginFound(): {
  found: string;
  origin: ReturnType<typeof pluginOrigin>;
  broken: boolean;
} {
  const plugin = awsPlugin();
  const origin = pluginOrigin(plugin);
  const provider = findProvider();
  const behind = provider
    ? `Terraform provider ${provider.version} in ${provider.mirror} (${provider.because})`
    : `no Terraform provider found; ${mirrorVariable} names a mirror`;
  if (origin === 'official') return { found: plugin.version, origin, broken: false };
  if (origin === 'ours')
    return { found: `${plugin.version} over ${behind}`, origin, broken: provider === undefined };
  return { found: `not there yet; ${behind}`, origin, broken: false };
}
