import { z } from 'zod';
import type { Finding } from './judge.ts';

const shape = z.object({
  rule: z.string(),
  resource: z.string().min(1),
  reason: z.string().trim().min(1),
  // Pulumi writes a bare date of the file back as a time.
  until: z.preprocess(
    (value) =>
      typeof value === 'string' ? value.replace(/[T ]00:00:00(Z| \+0000 UTC)$/, '') : value,
    z.iso.date(),
  ),
});

/** What a stack lets pass for a while: an entry of `slipway:policyExceptions`. */
export type Exception = z.infer<typeof shape>;

type Decision = { exception: Exception; expired: boolean };

const wants = {
  rule: 'names no rule',
  resource: 'names no resource',
  reason: 'gives no reason',
  until: 'has no end date (until: YYYY-MM-DD)',
} as const;

/** The exceptions of a stack, and which of them were of use. */
export class Exceptions {
  readonly #valid: Exception[] = [];
  readonly #faults: string[] = [];
  readonly #used = new Set<Exception>();
  readonly #today: string;

  /**
   * @param raw the value of `slipway:policyExceptions`
   * @param rules the ids that an exception may name
   * @param today as YYYY-MM-DD; an exception still holds on its last day
   */
  constructor(raw: unknown, rules: string[], today = new Date().toISOString().slice(0, 10)) {
    this.#today = today;
    if (raw !== undefined && !Array.isArray(raw)) {
      this.#faults.push('slipway:policyExceptions is not a list; none of it holds');
      return;
    }
    for (const [index, entry] of ((raw ?? []) as unknown[]).entries()) {
      const parsed = shape.safeParse(entry);
      const lacks = parsed.success
        ? rules.includes(parsed.data.rule)
          ? []
          : [`names the rule ${parsed.data.rule}, which does not exist`]
        : [
            ...new Set(
              parsed.error.issues.map(
                ({ path }) => wants[path[0] as keyof typeof wants] ?? 'is no object',
              ),
            ),
          ];
      if (parsed.success && lacks.length === 0) this.#valid.push(parsed.data);
      else
        this.#faults.push(
          `slipway:policyExceptions[${index}] ${lacks.join(' and ')}; it does not hold`,
        );
    }
  }

  /** What the exceptions say about a violation; undefined when nothing. */
  decide({ rule, urn }: Finding): Decision | undefined {
    const matching = this.#valid.filter(
      (exception) => exception.rule === rule && matches(exception.resource, urn),
    );
    for (const exception of matching) this.#used.add(exception);
    const holds = matching.find(({ until }) => until >= this.#today);
    if (holds) return { exception: holds, expired: false };
    const [expired] = matching;
    return expired && { exception: expired, expired: true };
  }

  /** Marks the exceptions for something that cannot be judged yet: they may be of use later. */
  keep(finding: Finding): void {
    this.decide(finding);
  }

  /** What is wrong with the list itself. */
  faults(): string[] {
    const unused = this.#valid.filter((exception) => !this.#used.has(exception));
    return [
      ...this.#faults,
      ...unused.map(
        ({ rule, resource }) =>
          `slipway:policyExceptions has an exception to ${rule} for ${resource}, which lets nothing pass; remove it`,
      ),
    ];
  }
}

/**
 * Whether a pattern means a resource: its name, or the end of its URN from a `::` or `$` on; `*`
 * stands for any characters but those.
 */
function matches(pattern: string, urn: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^:$]*');
  return new RegExp(`(^|::|\\$)${escaped}$`).test(urn);
}
