/**
 * Marks of the Pulumi wire format. Source: `sdk/go/common/resource/plugin/rpc.go`, pulumi/pulumi.
 */
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const outputSignature = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';
const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/**
 * The plain value of a property bag: secrets and outputs unwrapped, unknowns as `undefined`. The
 * one place that unwraps.
 */
export function unwrap(value: unknown): unknown {
  if (value === unknownValue) return undefined;
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== 'object' || value === null) return value;
  const bag = value as Record<string, unknown>;
  const signature = bag[signatureKey];
  if (signature === secretSignature || signature === outputSignature) return unwrap(bag['value']);
  return Object.fromEntries(Object.entries(bag).map(([key, inner]) => [key, unwrap(inner)]));
}

/** Whether anything in a property bag is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (typeof value !== 'object' || value === null) return false;
  if ((value as Record<string, unknown>)[signatureKey] === outputSignature && !('value' in value))
    return true;
  return Object.values(value).some(hasUnknown);
}
