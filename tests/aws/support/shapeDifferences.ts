import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../../toolchain/lib/paths.ts';

/**
 * A property as the plugin describes it: a scalar's name, a list of one shape, or an object; `*` is
 * any key.
 */
type Shape = string | [Shape] | { [name: string]: Shape };
/** By token; `config` is the provider's own. */
export type Shapes = Record<string, Record<string, Shape>>;

const awsPackage = join(root, 'node_modules/@pulumi/aws');
/** On every type; docs/aws-plugin.md says what becomes of it. */
const everywhere = new Set(['region']);
/**
 * Statements of a firewall's rule hold statements, deeper in one than in the other: only the first
 * level counts.
 */
const nestedStatement = /(and|or|not|scopeDown)Statement/i;

/**
 * Where what the plugin takes and gives differs from the types of the npm package, one line each,
 * sorted.
 */
export function differences(shapes: Shapes): string[] {
  const mapping = JSON.parse(
    readFileSync(join(root, 'toolchain/stand-ins/bridge-aws/mapping.json'), 'utf8'),
  ) as Record<'resources' | 'functions', Record<string, { token: string }>>;
  const tokens = [...Object.values(mapping.resources), ...Object.values(mapping.functions)].map(
    ({ token }) => token,
  );
  const files = new Map(tokens.map((token) => [token, declaration(token.split(':')[1] ?? '')]));
  const provider = declaration('provider');
  const program = ts.createProgram([...files.values(), provider], {
    skipLibCheck: true,
    strict: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  const comparison = new Comparison(program.getTypeChecker());
  const exported = (file: string, name: string): ts.Symbol | undefined => {
    const module = program.getSourceFile(file);
    const symbol = module && program.getTypeChecker().getSymbolAtLocation(module);
    return (
      symbol &&
      program
        .getTypeChecker()
        .getExportsOfModule(symbol)
        .find((entry) => entry.name === name)
    );
  };
  for (const [token, file] of files) {
    const name = token.split(':')[2] ?? '';
    const label = (token.split(':')[1] ?? '').replace(/\/[^/]*$/, `.${name}`);
    const pascal = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const shape = shapes[token] ?? {};
    comparison.named(label, exported(file, `${pascal}Args`), shape);
    comparison.named(label, exported(file, `${pascal}Result`), shape);
    if (name === pascal) comparison.outputs(label, exported(file, pascal), shape);
  }
  comparison.named('Provider', exported(provider, 'ProviderArgs'), shapes['config'] ?? {});
  return [...comparison.found].sort();
}

function declaration(path: string): string {
  return join(awsPackage, `${path.replace(/^index\//, '')}.d.ts`);
}

class Comparison {
  readonly found = new Set<string>();
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** All members of an interface. */
  named(label: string, symbol: ts.Symbol | undefined, shape: Record<string, Shape>): void {
    if (symbol) this.#members(label, this.#checker.getDeclaredTypeOfSymbol(symbol), shape);
  }

  /** Outputs by name only: their types follow from those of the inputs. */
  outputs(label: string, symbol: ts.Symbol | undefined, shape: Record<string, Shape>): void {
    if (!symbol) return;
    for (const { name } of this.#checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
      const inherited = [
        'urn',
        'id',
        'getProvider',
        'pulumiResourceName',
        'pulumiResourceType',
      ].includes(name);
      if (inherited || name.startsWith('__') || /^on[A-Z]/.test(name) || everywhere.has(name))
        continue;
      if (!(name in shape)) this.found.add(`${label}.${name}: lacking`);
    }
  }

  #members(path: string, type: ts.Type, shape: Record<string, Shape>): void {
    if ((path.match(new RegExp(nestedStatement, 'gi')) ?? []).length > 0) return;
    for (const member of type.getProperties()) {
      const ours = shape[member.name];
      if (everywhere.has(member.name) && ours === undefined) continue;
      if (ours === undefined) this.found.add(`${path}.${member.name}: lacking`);
      else this.#value(`${path}.${member.name}`, this.#checker.getTypeOfSymbol(member), ours);
    }
  }

  #value(path: string, type: ts.Type, shape: Shape): void {
    const kinds = plainTypes(type);
    const list = kinds.find((kind) => this.#checker.isArrayType(kind));
    const scalar = kinds.map(scalarName).find((name) => name !== undefined);
    const object = kinds.find(
      (kind) => kind.flags & ts.TypeFlags.Object && !this.#checker.isArrayType(kind),
    );
    const ours = Array.isArray(shape) ? 'list' : typeof shape === 'object' ? 'object' : shape;
    const wanted = list ? 'list' : (scalar ?? (object ? 'object' : ours));
    if (wanted !== ours) {
      this.found.add(`${path}: ${wanted} in the package, ${ours} here`);
    } else if (list && Array.isArray(shape)) {
      const [item] = this.#checker.getTypeArguments(list as ts.TypeReference);
      if (item) this.#value(`${path}[]`, item, shape[0]);
    } else if (
      object &&
      !scalar &&
      typeof shape === 'object' &&
      !Array.isArray(shape) &&
      !('*' in shape)
    ) {
      this.#members(path, object, shape);
    }
  }
}

/** The plain types among what an Input accepts: without promises, outputs, undefined. */
function plainTypes(type: ts.Type): ts.Type[] {
  if (type.isUnion()) return type.types.flatMap(plainTypes);
  if (type.isIntersection() || type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) return [];
  const name = type.aliasSymbol?.name ?? type.symbol?.name;
  return name === 'Promise' || name === 'OutputInstance' || name === 'Output' ? [] : [type];
}

function scalarName(type: ts.Type): string | undefined {
  if (type.flags & ts.TypeFlags.StringLike) return 'string';
  if (type.flags & ts.TypeFlags.NumberLike) return 'number';
  return type.flags & ts.TypeFlags.BooleanLike ? 'boolean' : undefined;
}
