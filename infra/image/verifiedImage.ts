import * as pulumi from '@pulumi/pulumi';
import { UserError } from '../config/userError.ts';

/**
 * The image of the release that another stack of this project proved last: what a stack with
 * `imageFrom` runs. Read before anything is registered, so that what the image carries shows in a
 * preview.
 *
 * @param stack name, in the same backend
 * @returns image id, `sha256:…`
 * @throws UserError when there is no such stack, or no release of it ever served
 */
export async function verifiedImage(stack: string): Promise<string> {
  if (stack === pulumi.getStack()) {
    throw new UserError(
      `slipway:imageFrom names this stack itself. Name the stack whose image this one is to run.`,
    );
  }
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;
  const release = (await outputsOf(name, stack))['release'];
  if (typeof release === 'string' && release.startsWith('sha256:')) return release;
  throw new UserError(
    `No release of stack ${stack} has served yet, and slipway:imageFrom takes its image. First: \`make up STACK=${stack}\`.`,
  );
}

async function outputsOf(name: string, stack: string): Promise<Record<string, unknown>> {
  try {
    // The engine's own way to read a stack's state; a StackReference would be a resource, and known
    // only after others.
    const read = pulumi.runtime.invoke('pulumi:pulumi:readStackOutputs', {
      name,
    }) as Promise<unknown>;
    return ((await read) as { outputs?: Record<string, unknown> }).outputs ?? {};
  } catch (error) {
    if (!/unknown stack|not found|no stack/i.test((error as Error).message)) throw error;
    throw new UserError(
      `There is no stack ${stack}, which slipway:imageFrom names. First: \`make up STACK=${stack}\`.`,
    );
  }
}
