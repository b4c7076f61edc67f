/**
 * Says why a stack, or a project, may not have this name. The name becomes part of others, and
 * those have the strictest rule: an image's repository takes no capitals, a key's alias and a
 * dashboard on AWS no dot, a container's host name is 63 characters at most.
 *
 * @returns undefined for a name that can be carried everywhere
 */
export function nameFault(name: string, platform?: unknown): string | undefined {
  if (!/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(name))
    return 'must be lower-case letters and digits, with single hyphens, dots or underscores between them';
  if (name.length > 32) return `must be 32 characters at most, has ${name.length}`;
  if (platform === 'aws' && name.includes('.'))
    return 'must not contain a dot, which aliases of keys and dashboards cannot have';
  return undefined;
}

/**
 * What a verb takes that only looks at a stack or removes it: also a name of before there was a
 * stricter rule. It may not leave the folder of the state.
 */
export const anyStackName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
