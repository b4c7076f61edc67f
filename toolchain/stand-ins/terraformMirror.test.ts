import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  findProvider,
  mirrorPlaces,
  mirrorsOfConfig,
  providerExecutable,
} from './terraformMirror.ts';

const scratch = mkdtempSync(join(tmpdir(), 'slipway-mirror-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function file(path: string, text = ''): string {
  const whole = join(scratch, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

const at = (mirror: string) => [{ path: join(scratch, mirror), because: 'test' }];

describe('findProvider', () => {
  it('takes the newest 5.x of an unpacked mirror, for this platform', () => {
    for (const version of ['5.9.0', '5.100.0', '6.1.0'])
      file(
        `unpacked/registry.terraform.io/hashicorp/aws/${version}/linux_amd64/terraform-provider-aws_v${version}_x5`,
      );
    file(
      'unpacked/registry.terraform.io/hashicorp/aws/5.200.0/darwin_arm64/terraform-provider-aws_v5.200.0_x5',
    );
    expect(findProvider(at('unpacked'), 'linux_amd64')).toMatchObject({
      version: '5.100.0',
      packed: false,
    });
  });

  it('finds a packed one', () => {
    const zip = file(
      'packed/registry.terraform.io/hashicorp/aws/terraform-provider-aws_5.90.0_linux_amd64.zip',
    );
    expect(findProvider(at('packed'), 'linux_amd64')).toMatchObject({
      version: '5.90.0',
      packed: true,
      path: zip,
    });
  });

  it('takes the executable itself when that is named', () => {
    const path = file('alone/terraform-provider-aws_v5.80.0_x5');
    expect(findProvider([{ path, because: 'test' }])).toMatchObject({ version: '5.80.0', path });
  });

  it('goes on to the next place, and says nothing of one that has only others', () => {
    file(
      'others/registry.terraform.io/hashicorp/random/3.0.0/linux_amd64/terraform-provider-random_v3.0.0_x5',
    );
    file(
      'six/registry.terraform.io/hashicorp/aws/6.1.0/linux_amd64/terraform-provider-aws_v6.1.0_x5',
    );
    expect(
      findProvider([...at('nowhere'), ...at('others'), ...at('six')], 'linux_amd64'),
    ).toBeUndefined();
    expect(findProvider([...at('nowhere'), ...at('unpacked')], 'linux_amd64')?.version).toBe(
      '5.100.0',
    );
  });
});

describe('mirrorsOfConfig', () => {
  it('reads the mirrors and the cache, and leaves comments alone', () => {
    const text = `
plugin_cache_dir = "$HOME/cache"
provider_installation {
  # filesystem_mirror { path = "/commented" }
  filesystem_mirror {
    path    = "/mirror"
    include = ["*/*"]
  }
  network_mirror { url = "https://mirror.example/" }
}`;
    expect(mirrorsOfConfig(text)).toEqual(['/mirror', '$HOME/cache']);
  });

  it('survives what is not HCL', () => {
    expect(mirrorsOfConfig('{]')).toEqual([]);
  });
});

describe('mirrorPlaces', () => {
  it('puts the setting first, then what the CLI configuration names, then the usual places', () => {
    const config = file(
      'terraformrc',
      'provider_installation {\n filesystem_mirror {\n path = "~/mine"\n }\n}\n',
    );
    const env = { SLIPWAY_TERRAFORM_MIRROR: '/set', TF_CLI_CONFIG_FILE: config };
    const paths = mirrorPlaces(env, '/home/x').map(({ path }) => path);
    expect(paths.slice(0, 2)).toEqual(['/set', '/home/x/mine']);
    expect(paths).toContain('/home/x/.terraform.d/plugins');
    expect(paths.at(-1)).toMatch(/^\/(opt|srv|var)\//);
  });

  it('does without a configuration that is named and not there', () => {
    expect(
      mirrorPlaces({ TF_CLI_CONFIG_FILE: '/nowhere/terraformrc' }, '/home/x').length,
    ).toBeGreaterThan(5);
  });
});

describe('providerExecutable', () => {
  it('unpacks a zip once, executable', async () => {
    const binary = file('zip/terraform-provider-aws_v5.70.0_x5', 'binary');
    chmodSync(binary, 0o644);
    const zip = join(scratch, 'provider.zip');
    execFileSync('python3', ['-m', 'zipfile', '-c', zip, binary]);
    vi.stubEnv('PULUMI_HOME', join(scratch, 'home'));
    const found = { version: '5.70.0', path: zip, packed: true, mirror: scratch, because: 'test' };
    const executable = await providerExecutable(found);
    expect(readFileSync(executable, 'utf8')).toBe('binary');
    expect(statSync(executable).mode & 0o111).toBe(0o111);
    rmSync(zip);
    expect(await providerExecutable(found)).toBe(executable);
    vi.unstubAllEnvs();
  });
});
