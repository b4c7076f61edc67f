/** A finding of the lint, with its place. */
export interface Finding {
  file: string;
  line: number;
  severity: 'error' | 'warning';
  rule: string;
  message: string;
  /** The line with a caret under the place, where the place is known to the character. */
  excerpt?: string;
}
