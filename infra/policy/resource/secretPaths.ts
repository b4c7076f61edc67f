/**
 * The paths of the secrets in a bag of inputs, as a `Value` names them.
 *
 * @param isSecret whether an object stands for a secret
 */
export function secretPaths(
  value: unknown,
  isSecret: (value: object) => boolean,
  path = '',
): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isSecret(value)) return [path];
  if (Array.isArray(value))
    return value.flatMap((item, index) => secretPaths(item, isSecret, `${path}[${index}]`));
  return Object.entries(value).flatMap(([name, inner]) =>
    secretPaths(inner, isSecret, path === '' ? name : `${path}.${name}`),
  );
}

/** Whether a path is one of those that hold a secret, or lies inside one. */
export function isInSecret(path: string, secrets: Iterable<string>): boolean {
  return [...secrets].some(
    (secret) =>
      path === secret || (path.startsWith(secret) && /^[.[]/.test(path.slice(secret.length))),
  );
}
