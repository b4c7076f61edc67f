import {
  specialOutputValueSig,
  specialSecretSig,
  specialSigKey,
  unknownValue,
} from '@pulumi/pulumi/runtime/rpc.js';

/**
 * The plain value of a property bag: secrets and outputs unwrapped, unknowns as `undefined`. The
 * one place that unwraps.
 */
export function unwrap(value: unknown): unknown {
  if (value === unknownValue) return undefined;
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== 'object' || value === null) return value;
  const bag = value as Record<string, unknown>;
  const signature = bag[specialSigKey];
  if (signature === specialSecretSig || signature === specialOutputValueSig)
    return unwrap(bag['value']);
  return Object.fromEntries(Object.entries(bag).map(([key, inner]) => [key, unwrap(inner)]));
}

/** Whether anything in a property bag is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (typeof value !== 'object' || value === null) return false;
  if (
    (value as Record<string, unknown>)[specialSigKey] === specialOutputValueSig &&
    !('value' in value)
  )
    return true;
  return Object.values(value).some(hasUnknown);
}
