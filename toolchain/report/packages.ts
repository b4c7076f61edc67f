/** A package whose version is another one in the new release. */
export interface PackageChange {
  /** Such as `npm/express`, `deb/debian/openssl`. */
  name: string;
  /** Undefined where it is new; several versions with commas. */
  from?: string;
  /** Undefined where it is gone. */
  to?: string;
}

/**
 * @param before the CycloneDX document of the release that serves
 * @param after that of the new one
 */
export function packageChanges(before: string, after: string): PackageChange[] {
  const [old, next] = [versions(before), versions(after)];
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((name) => {
    const [from, to] = [old.get(name), next.get(name)];
    if (from === to) return [];
    return [{ name, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  });
}

function versions(sbom: string): Map<string, string> {
  const { components = [] } = JSON.parse(sbom) as {
    components?: { purl?: string; version?: string }[];
  };
  const found = new Map<string, string[]>();
  for (const { purl = '', version = '' } of components) {
    const name = /^pkg:(.+)@[^@]*$/.exec(purl)?.[1]?.replace('%40', '@');
    if (name) found.set(name, [...(found.get(name) ?? []), version]);
  }
  return new Map([...found].map(([name, all]) => [name, all.sort().join(', ')]));
}
