import type { ResourceRule } from './rule.ts';

type FlagRule = Omit<ResourceRule, 'check'> & {
  /** The property that decides. */
  path: string;
  wanted: boolean;
  /** What AWS does when the property is absent. */
  byDefault: boolean;
};

/** A rule that wants one flag to be set, or not to be. */
export function flagRule({ path, wanted, byDefault, ...rule }: FlagRule): ResourceRule {
  return {
    ...rule,
    check: ({ props }, report) => {
      const flag = props.get(path).flag();
      if ((flag ?? byDefault) !== wanted) {
        report.violation(
          `${path} is ${flag === undefined ? `absent, which means ${byDefault}` : String(flag)}`,
        );
      }
    },
  };
}
