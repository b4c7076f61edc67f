/** The app's login in Postgres, and the name of its database, on every platform. */
export const databaseUser = 'slipway';
export const databaseName = 'slipway';
