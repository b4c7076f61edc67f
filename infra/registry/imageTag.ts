/** Each image has a tag of its own, so no push ever finds another image under it. */
export function imageTag(image: string): string {
  return image.replace(':', '-');
}

/** What serves, or may be gone back to, has a tag that begins so: no lifecycle rule takes it. */
export const releasedPrefix = 'released-';
