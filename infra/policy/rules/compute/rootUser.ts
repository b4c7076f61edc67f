/** Whether a user of a container, such as `0:1000`, is root. */
export function isRoot(user: string): boolean {
  return /^(root|0)(:|$)/.test(user);
}
