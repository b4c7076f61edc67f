/** Owns the tables: the migrations sign in with it. */
export const databaseOwner = 'slipway';
/** Reads and writes rows: the services sign in with it. The migrations make it. */
export const databaseUser = 'slipway_app';
/** The same on every platform. */
export const databaseName = 'slipway';
