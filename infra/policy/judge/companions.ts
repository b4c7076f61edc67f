import type { StackResource } from '../rules/rule.ts';
import { UnknownValue } from './value.ts';

/**
 * The resources that belong to another one, such as the versioning of a bucket: those whose
 * property comes from it, or names it by its id. When one of them names something that is not known
 * yet and could be it, nothing is said.
 *
 * @throws UnknownValue when none is found and one may be
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
