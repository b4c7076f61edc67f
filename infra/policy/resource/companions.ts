import type { StackResource } from './resource.ts';
import { UnknownValue } from './value.ts';

/**
 * The resources that belong to an owner, such as the versioning of a bucket. Their property comes
 * from the owner, or holds its id, ARN or name.
 *
 * @throws UnknownValue when none is found, and one names an owner that is not known yet
 */
export function companionsOf(
  owner: StackResource,
  candidates: StackResource[],
  property: string,
): StackResource[] {
  const found = candidates.filter(({ propertyDependencies, props }) => {
    if (propertyDependencies[property]?.includes(owner)) return true;
    const named = props.get(property);
    const own = ['id', 'arn', 'name', property].flatMap((name) => {
      const value = owner.props.get(name);
      return value.isUnknown ? [] : (value.text() ?? []);
    });
    return !named.isUnknown && named.text() !== undefined && own.includes(named.text() ?? '');
  });
  if (found.length > 0) return found;
  const maybe = candidates.find(
    ({ propertyDependencies, props }) =>
      props.get(property).isUnknown && (propertyDependencies[property] ?? []).length === 0,
  );
  if (maybe) throw new UnknownValue(`${property} of ${maybe.name}`);
  return [];
}
