import * as pulumi from '@pulumi/pulumi';
import { vi } from 'vitest';
import type * as BlueprintModule from '../blueprint.ts';
import type { Blueprint } from '../blueprint.ts';
import { Registered } from './registered.ts';

/**
 * Runs `infra/index.ts` itself under mocks, as often as a test file wants.
 *
 * @returns everything that it registered, and the stack's outputs
 */
export async function runProgram(args: {
  stack: string;
  /** With the namespaces, such as `slipway:platform`. */
  config: Record<string, string>;
  /** Changes the blueprint before it is rendered. */
  change?: ((blueprint: Blueprint) => void) | undefined;
}): Promise<{ registered: Registered; outputs: Record<string, unknown> }> {
  const { stack, config, change } = args;
  pulumi.runtime.setAllConfig(config);
  vi.resetModules();
  vi.doMock('../blueprint.ts', async (original) => {
    const { createBlueprint } = await original<typeof BlueprintModule>();
    return {
      createBlueprint: (...given: Parameters<typeof createBlueprint>) => {
        const blueprint = createBlueprint(...given);
        change?.(blueprint);
        return blueprint;
      },
    };
  });
  let outputs: Record<string, unknown> = {};
  const registered = await Registered.by(
    async () => {
      const program = await import('../index.ts');
      outputs = await new Promise((settle) => void pulumi.output(program.default).apply(settle));
    },
    { project: 'slipway', stack },
  );
  return { registered, outputs };
}
