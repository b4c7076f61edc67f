import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.ts';

/**
 * Makes and reads page cursors: the key of the last row, signed together with the name of its list.
 * A cursor that is made up, or comes from another list or another person, is refused.
 */
export class Cursors {
  readonly #key: Buffer;

  constructor(secret: string) {
    // A separate key: a cursor's signature must not be valid anywhere else.
    this.#key = createHmac('sha256', secret).update('page cursors').digest();
  }

  /** @param list the name of the list, such as `conversations of <user id>` */
  encode(list: string, key: string): string {
    return Buffer.concat([this.#sign(list, key), Buffer.from(key)]).toString('base64url');
  }

  decode(list: string, cursor: string): string {
    const bytes = Buffer.from(cursor, 'base64url');
    const key = bytes.subarray(signatureBytes).toString();
    if (
      bytes.length > signatureBytes &&
      timingSafeEqual(bytes.subarray(0, signatureBytes), this.#sign(list, key))
    )
      return key;
    throw new Problem(400, 'The request is not valid.', {
      extensions: { errors: [{ path: ['cursor'], message: 'is not a cursor of this list' }] },
    });
  }

  #sign(list: string, key: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(`${list}\n${key}`)
      .digest()
      .subarray(0, signatureBytes);
  }
}

const signatureBytes = 12;
