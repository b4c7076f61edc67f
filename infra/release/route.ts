/** One line of the route table. A request that no line matches is refused: default deny. */
export interface Route {
  path: string;
  /** `exact` matches the path alone, `prefix` everything that starts with it. */
  match: 'exact' | 'prefix';
  /** Allows the upgrade to a WebSocket, and long silences. */
  websocket?: boolean;
  service: string;
}
