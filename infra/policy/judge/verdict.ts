import { UnknownValue } from '../resource/value.ts';
import type { Fault } from '../rules/rule.ts';

export interface Finding {
  rule: string;
  urn: string;
  message: string;
}

/** The verdict of one rule on one resource, or on a stack. */
export class Verdict {
  readonly violations: Finding[] = [];
  /** Checks that need a value of the update. */
  readonly unknown: Finding[] = [];
  readonly #rule: string;

  constructor(rule: string) {
    this.#rule = rule;
  }

  /** Adds the fault that a check finds, or notes that the check needs a value of the update. */
  add(urn: string, check: () => Fault): void {
    try {
      const message = check();
      if (message) this.violations.push({ rule: this.#rule, urn, message });
    } catch (error) {
      if (!(error instanceof UnknownValue)) throw error;
      this.unknown.push({ rule: this.#rule, urn, message: error.message });
    }
  }
}
