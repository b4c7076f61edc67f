import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emulatorEndpoint } from '../../../toolchain/pulumi/emulatorGuard.ts';
import { emulatorEnvironment } from '../../../toolchain/pulumi/emulatorGuard.ts';
import { root } from '../../../toolchain/lib/paths.ts';
import { enginePath } from '../../../toolchain/pulumi/pulumiEngine.ts';
import { pulumiEnvironment } from '../../../toolchain/pulumi/state.ts';
import { run, type Finished } from '../../support/run.ts';

/**
 * The proof program as a stack of its own, copied with its state into a folder of its own, on the
 * emulator.
 */
export class Proof {
  readonly #stack = `bridge-${randomBytes(3).toString('hex')}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'slipway-aws-'));

  constructor() {
    cpSync(join(import.meta.dirname, '../program'), join(this.#folder, 'program'), {
      recursive: true,
    });
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    writeFileSync(join(this.#folder, 'package.json'), '{ "type": "module" }\n');
    mkdirSync(join(this.#folder, 'state'));
  }

  /** Runs pulumi in the program's folder. */
  pulumi(args: string[], env: Record<string, string> = {}): Promise<Finished> {
    // `run` adds to this process's environment: what the guard leaves out has to be unset by name.
    const unset = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    return run([enginePath(), ...args, '--non-interactive', '--stack', this.#stack], {
      cwd: join(this.#folder, 'program'),
      seconds: 850,
      env: {
        ...unset,
        ...emulatorEnvironment(emulatorEndpoint, pulumiEnvironment()),
        PULUMI_BACKEND_URL: `file://${join(this.#folder, 'state')}`,
        PULUMI_CONFIG_PASSPHRASE: 'proof',
        PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
        EMULATOR_ENDPOINT: emulatorEndpoint,
        ...env,
      },
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
