import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Checkout } from './support/checkout.ts';
import { run } from './support/run.ts';
import { Stack } from './support/stack.ts';

const checkout = Checkout.create();
const stack = new Stack(checkout, { basePort: 18400 });
const file = `Pulumi.${stack.name}.yaml`;
const good = checkout.read(file);

afterEach(() => checkout.write(file, good));
afterAll(async () => {
  await stack.clear();
  checkout.remove();
});

describe('a configuration with faults', () => {
  it('is refused in one report, before anything is registered', async () => {
    const faults = ['replicas: "0"', 'gatewayPort: "99999"', 'apiMemory: "12"', 'logLevel: loud'];
    checkout.write(
      file,
      `${good.replace(/ {2}slipway:replicas.*\n/, '').replace(/ {2}slipway:gatewayPort.*\n/, '')}${faults.map((line) => `  slipway:${line}\n`).join('')}`,
    );
    const { code, output } = await stack.make('up');
    expect(code).not.toBe(0);
    expect(output).toContain(`Pulumi.${stack.name}.yaml has 4 faults; nothing was changed:`);
    for (const key of [
      'replicas: must be at least 1',
      'gatewayPort: must be 65535 or below',
      'apiMemory: unknown key. Did you mean apiMemoryMb?',
      'logLevel: must be one of',
    ]) {
      expect(output).toContain(`slipway:${key}`);
    }
    expect(await stack.leftovers()).toEqual([]);
  });

  it('names the file when the platform is missing', async () => {
    checkout.write(file, good.replace(/ {2}slipway:platform.*\n/, ''));
    const { code, output } = await stack.make('preview');
    expect(code).not.toBe(0);
    expect(output).toContain('slipway:platform: is required: one of docker, aws');
  });
});

describe('a port that is taken', () => {
  let squatter: Server | undefined;
  afterEach(() => squatter?.close());

  it('is named with its key before anything starts', async () => {
    squatter = createServer();
    await new Promise<void>((resolve) => squatter?.listen(stack.port, '127.0.0.1', resolve));
    const { code, output } = await stack.make('up');
    expect(code).not.toBe(0);
    expect(output).toContain(
      `slipway:gatewayPort: port ${stack.port} on 127.0.0.1 is taken by another program`,
    );
    expect(output).toContain(`pulumi config set --stack ${stack.name} gatewayPort`);
    expect(await stack.leftovers()).toEqual([]);
  });

  it('by a stack of another checkout is told whose it is', async () => {
    const other = Checkout.create();
    const twin = new Stack(other, { basePort: stack.port, replicas: 1, config: { seed: 'false' } });
    try {
      const up = await twin.make('up');
      expect(up.code, up.output).toBe(0);
      const { code, output } = await stack.make('up');
      expect(code).not.toBe(0);
      for (const key of ['gatewayPort', 'databasePort', 'metricsPort'])
        expect(output).toContain(`slipway:${key}: port`);
      expect(output).toContain(`is taken by stack ${twin.name} of the checkout ${other.root}`);
    } finally {
      await twin.clear();
      other.remove();
    }
  });
});

describe('the environment', () => {
  const bare = (env: Record<string, string | undefined>, ...args: string[]) =>
    run(['make', '--no-print-directory', ...args, `STACK=${stack.name}`], {
      cwd: checkout.root,
      env,
      seconds: 120,
    });

  it.each(['.', 'infra'])('is missing: plain pulumi says what to type, in %s', async (folder) => {
    const { code, output } = await run(
      ['npx', 'pulumi', 'preview', '--stack', stack.name, '--non-interactive'],
      {
        cwd: join(checkout.root, folder),
        env: { PULUMI_BACKEND_URL: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: undefined },
        seconds: 120,
      },
    );
    expect(code).not.toBe(0);
    expect(output).toContain('eval "$(make env)"');
  });

  it('works in a sub-folder too', async () => {
    await stack.make('preview');
    const script = 'eval "$(make --no-print-directory -C .. env)" && exec npx pulumi stack ls';
    const { code, output } = await run(['bash', '-c', script], {
      cwd: `${checkout.root}/infra`,
      seconds: 60,
    });
    expect(code, output).toBe(0);
    expect(output).toContain(stack.name);
  });

  it('points to an engine that is not there', async () => {
    const { code, output } = await bare({ DOCKER_HOST: 'unix:///nowhere/docker.sock' }, 'up');
    expect(code).not.toBe(0);
    expect(output).toContain('/nowhere/docker.sock');
    expect(output).toMatch(/→/);
  });

  it('has lost its passphrase', async () => {
    const up = await stack.make('preview');
    expect(up.code, up.output).toBe(0);
    const passphrase = checkout.read('.slipway/passphrase');
    checkout.delete('.slipway/passphrase');
    const { code, output } = await bare({}, 'up');
    expect(code).not.toBe(0);
    expect(output).toContain('passphrase');
    expect(output).toMatch(/→/);
    checkout.write('.slipway/passphrase', passphrase);
  });
});

describe('a verb', () => {
  it('that does not exist is refused by name', async () => {
    const { code, output } = await run(['toolchain/run', 'launch'], {
      cwd: checkout.root,
      seconds: 60,
    });
    expect(code).toBe(1);
    expect(output).toContain('There is no verb "launch"');
  });

  it('gets a stack’s name that is one', async () => {
    const { code, output } = await run(['make', 'up', 'STACK=../evil'], {
      cwd: checkout.root,
      seconds: 60,
    });
    expect(code).not.toBe(0);
    expect(output).toContain('is not a stack');
  });

  it('says in its first line what it will do', async () => {
    for (const verb of ['ps', 'doctor', 'logs']) {
      const { output } = await stack.make(verb);
      expect(output.split('\n')[0]).toMatch(
        new RegExp(`^make ${verb} \\(stack ${stack.name}\\): `),
      );
    }
  });
});
