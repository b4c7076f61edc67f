import * as z from 'zod';

/** Text that Postgres can store: no NUL, no half of a surrogate pair. Lengths in UTF-16 units. */
export const text = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .refine(
      (value) => value.isWellFormed() && !value.includes('\0'),
      'must not contain NUL or broken characters',
    );

export const uuid = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'must be a UUID');

export const timestamp = z
  .string()
  .meta({ format: 'date-time', example: '2026-01-31T12:00:00.123456+00:00' });

/** The query of a list: how many items, and the cursor to start from. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .pipe(z.number().min(1, 'must be from 1 to 100').max(100, 'must be from 1 to 100'))
    .default(20)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 20,
      description: 'How many to return, 1 to 100.',
    }),
  cursor: z
    .string()
    .max(512)
    .optional()
    .meta({ description: '`next` of the page before. Opaque.' }),
});

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page; null on the last one.' }),
  });

/** The body of every error: RFC 9457 problem details. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.array(z.string()), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
