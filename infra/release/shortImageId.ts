/** `sha256:` and 12 digits, as `docker images` shows an id. */
export function shortImageId(imageId: string): string {
  return imageId.slice(0, 'sha256:'.length + 12);
}
