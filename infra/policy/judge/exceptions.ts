import { z } from 'zod';
import type { Finding } from './verdict.ts';

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

/** A violation that a stack lets pass for a while: an entry of `slipway:policyExceptions`. */
export type Exception = z.infer<typeof shape>;

type Decision = { exception: Exception; expired: boolean };

const wants = {
  rule: 'names no rule',
  resource: 'names no resource',
  reason: 'gives no reason',
  until: 'has no end date (until: YYYY-MM-DD)',
} as const;

/** The exceptions of a stack. It remembers which of them let something pass. */
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
      const { exception, lacks } = read(entry, rules);
      if (exception) this.#valid.push(exception);
      else
        this.#faults.push(
          `slipway:policyExceptions[${index}] ${lacks.join(' and ')}; it does not hold`,
        );
    }
  }

  /** The exception for a violation; undefined when there is none. */
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

  /** Keeps the exceptions for a resource that cannot be judged yet: they may be needed later. */
  keep(finding: Finding): void {
    this.decide(finding);
  }

  /** The faults of the list itself. */
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

/** Reads one entry: a valid exception, or what it lacks. */
function read(entry: unknown, rules: string[]): { exception?: Exception; lacks: string[] } {
  const { success, data, error } = shape.safeParse(entry);
  if (!success) {
    const lacks = error.issues.map(
      ({ path }) => wants[path[0] as keyof typeof wants] ?? 'is no object',
    );
    return { lacks: [...new Set(lacks)] };
  }
  if (rules.includes(data.rule)) return { exception: data, lacks: [] };
  return { lacks: [`names the rule ${data.rule}, which does not exist`] };
}

/**
 * Whether a pattern means a resource. It is the resource's name, or the end of its URN after a `::`
 * or a `$`. `*` stands for any characters except `:` and `$`.
 */
function matches(pattern: string, urn: string): boolean {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^:$]*');
  return new RegExp(`(^|::|\\$)${escaped}$`).test(urn);
}
