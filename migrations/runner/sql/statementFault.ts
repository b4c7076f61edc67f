import { MigrationError } from '../exit.ts';
import { excerpt, lineOf } from '../files/excerpt.ts';

/** A fault in the SQL of a file, with its place. */
export class StatementFault extends MigrationError {
  readonly file: string;
  /** The fault alone, without the file and the place. */
  readonly why: string;
  /** From 1. */
  readonly line: number;
  /** The line with a caret under the place. */
  readonly excerpt: string;
  /** `syntax`: the parser cannot read the file. Another version of Postgres may be able to. */
  readonly kind: 'syntax' | 'refused';

  constructor(
    kind: StatementFault['kind'],
    place: { file: string; sql: string; offset: number },
    why: string,
    options?: ErrorOptions,
  ) {
    const shown = excerpt(place.sql, place.offset);
    super('badFile', `${place.file}: ${why}\n${shown}`, options);
    this.kind = kind;
    this.file = place.file;
    this.why = why;
    this.line = lineOf(place.sql, place.offset);
    this.excerpt = shown;
  }
}
