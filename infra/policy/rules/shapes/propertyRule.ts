import type { ResourceRule } from '../rule.ts';

type PropertyRule = Omit<ResourceRule, 'check'> & {
  /** The property that decides. */
  path: string;
  /** A flag, the texts to choose from, the least number, or the texts to avoid. */
  wanted: boolean | string[] | { least: number } | { not: string[] };
  /** The value that AWS or Docker takes when the property is absent. */
  byDefault: boolean | number | string;
};

/** A rule about the value of one property. */
export function propertyRule({ path, wanted, byDefault, ...rule }: PropertyRule): ResourceRule {
  return {
    ...rule,
    check: ({ props }) => {
      const text = props.get(path).text() || undefined;
      if (isWanted(text ?? String(byDefault), wanted)) return undefined;
      return `${path} is ${text ?? `absent, which means ${byDefault}`}`;
    },
  };
}

function isWanted(text: string, wanted: PropertyRule['wanted']): boolean {
  if (typeof wanted === 'boolean') return (text === 'true') === wanted;
  if (Array.isArray(wanted)) return wanted.includes(text);
  return 'least' in wanted ? Number(text) >= wanted.least : !wanted.not.includes(text);
}
