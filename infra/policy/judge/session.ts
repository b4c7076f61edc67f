import { Exceptions } from './exceptions.ts';
import type { Finding, Verdict } from './verdict.ts';
import { isInSecret } from '../resource/secretPaths.ts';
import type { Rule } from '../rules/rule.ts';

/** The memory of the pack while it judges one stack. */
export class Session {
  readonly #rules: Map<string, Rule>;
  readonly #readSettings: (urn: string) => Record<string, unknown>;
  readonly #secrets = new Map<string, string[]>();
  readonly #unknown = new Map<string, Finding>();
  #settings: Record<string, unknown> | undefined;
  #exceptions: Exceptions | undefined;

  /** @param readSettings gives the configuration of the stack that a URN belongs to */
  constructor(rules: Rule[], readSettings: (urn: string) => Record<string, unknown>) {
    this.#rules = new Map(rules.map((rule) => [rule.id, rule]));
    this.#readSettings = readSettings;
  }

  settings(urn: string): Record<string, unknown> {
    return (this.#settings ??= this.#readSettings(urn));
  }

  exceptions(urn: string): Exceptions {
    return (this.#exceptions ??= new Exceptions(this.settings(urn)['policyExceptions'], [
      ...this.#rules.keys(),
    ]));
  }

  noteSecrets(urn: string, paths: string[]): void {
    this.#secrets.set(urn, paths);
  }

  /**
   * Whether an input, or the value around it, is marked as a secret; undefined when no secrets
   * were noted for the resource.
   */
  isSecret(urn: string, path: string): boolean | undefined {
    const paths = this.#secrets.get(urn);
    return paths && isInSecret(path, paths);
  }

  /** The violations to report: those that no exception lets pass. */
  settle(verdict: Verdict, rule: Rule, judged: string): Finding[] {
    for (const [key, finding] of this.#unknown) {
      if (finding.rule === rule.id && (judged === '' || finding.urn === judged))
        this.#unknown.delete(key);
    }
    for (const finding of verdict.unknown) {
      this.#unknown.set(`${finding.rule} ${finding.urn} ${finding.message}`, finding);
      if (finding.urn) this.exceptions(finding.urn).keep(finding);
    }
    return verdict.violations.flatMap((finding) => {
      const decision = this.exceptions(finding.urn).decide(finding);
      if (decision && !decision.expired) return [];
      const expired = decision
        ? `\nThe exception for it (${decision.exception.reason}) expired on ${decision.exception.until}: mend this, or give it a new date in slipway:policyExceptions.`
        : '';
      return [{ ...finding, message: `${finding.message}${expired}\n→ ${rule.fix}` }];
    });
  }

  /** Names the mandatory rules that wait for the update; undefined when none waits. */
  unknown(): string | undefined {
    const waiting = [...this.#unknown.values()].filter(
      ({ rule }) => this.#rules.get(rule)?.level === 'mandatory',
    );
    if (waiting.length === 0) return undefined;
    const byRule = Map.groupBy(waiting, ({ rule }) => rule);
    const list = [...byRule].map(([rule, findings]) => {
      const names = new Set(findings.map(({ urn }) => urn.split('::').at(-1)).filter(Boolean));
      return names.size > 0 ? `${rule} (${[...names].join(', ')})` : rule;
    });
    return `Unknown before the update, and judged in it: ${list.join('; ')}.`;
  }
}
