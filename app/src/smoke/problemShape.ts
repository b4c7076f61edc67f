import * as z from 'zod';

/** The shape of every error, with what it may say besides. */
export const problemOf = (status: number) =>
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.literal(status),
    detail: z.string(),
    requestId: z.string(),
  });
