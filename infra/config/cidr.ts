/** A block of IPv4 addresses. */
export interface Cidr {
  /** First address, as an unsigned 32-bit number. */
  first: number;
  /** Length of the prefix, bits: 0 to 32. */
  prefix: number;
}

/** Reads `10.20.0.0/16`; a text says what is wrong with it. */
export function parseCidr(text: string): Cidr | string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return `${text} is no IPv4 block such as 10.20.0.0/16`;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32)
    return `${text} is no IPv4 block such as 10.20.0.0/16`;
  const block = { first: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, prefix };
  const aligned = { first: block.first - (block.first % size(block)), prefix };
  if (aligned.first !== block.first)
    return `${text} does not start on its own boundary; ${formatCidr(aligned)} does`;
  return block;
}

export function formatCidr({ first, prefix }: Cidr): string {
  const octets = [24, 16, 8, 0].map((shift) => (first >>> shift) & 255);
  return `${octets.join('.')}/${prefix}`;
}

/** How many addresses a block has. */
export function size({ prefix }: Cidr): number {
  return 2 ** (32 - prefix);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first < b.first + size(b) && b.first < a.first + size(a);
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.first <= inner.first && inner.first + size(inner) <= outer.first + size(outer);
}
