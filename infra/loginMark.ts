import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { Database } from './platform.ts';

/**
 * Changes with the login of the services, and tells nothing of it: a hash of a password with 190
 * bits is no secret.
 */
export function loginMark({ url }: Pick<Database, 'url'>): pulumi.Output<string> {
  return pulumi
    .unsecret(url)
    .apply((text) => createHash('sha256').update(text).digest('hex').slice(0, 16));
}
