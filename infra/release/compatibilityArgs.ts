/** The facts about the app that the compatibility check needs on every platform. */
export interface CompatibilityArgs {
  /** The image's role that is the API, such as `['serve']`. */
  serve: string[];
  /** The image's role that checks an API against its contract; the address and options follow. */
  smoke: string[];
  /** Port the API listens on. */
  port: number;
  readinessPath: string;
  memoryMb: number;
  /**
   * Tables whose rows belong to the schema: the code does not work without them. Names or psql
   * patterns.
   */
  referenceTables: string[];
  /** How long the deployed version may take to become ready, seconds. */
  readinessTimeoutSeconds: number;
}
