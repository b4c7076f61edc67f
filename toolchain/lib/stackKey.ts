import type { z } from 'zod';
import { keys, readValue, type Keys } from '../../infra/config/keys.ts';
import { stackConfig } from './context.ts';

/**
 * A key of this stack's file by the rules of the program: its default where the file names no
 * value, or one that the program refuses.
 */
export function stackKey<K extends keyof Keys>(key: K, given = stackConfig(key)): Keys[K] {
  const rule = keys[key] as unknown as z.ZodType<Keys[K]>;
  const read = rule.safeParse(typeof given === 'string' ? readValue(key, given) : given);
  return read.success ? read.data : rule.parse(undefined);
}
