/** A container that did not do what it was asked to. */
export class ContainerError extends Error {
  /** The last lines it wrote. */
  readonly tail: string[];

  constructor(message: string, tail: string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'ContainerError';
    this.tail = tail;
  }
}
