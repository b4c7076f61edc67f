/** Postgres' major version. A new one is a restore into a new instance. */
export const postgresMajor = 17;

/** Settings that differ from RDS' defaults. All of them take effect without a restart. */
export const postgresParameters: { name: string; value: string }[] = [
  // Connections without TLS are refused.
  { name: 'rds.force_ssl', value: '1' },
  { name: 'ssl_min_protocol_version', value: 'TLSv1.2' },
  // Slow statements, ms, without their values: those are people's data.
  { name: 'log_min_duration_statement', value: '500' },
  { name: 'log_parameter_max_length', value: '0' },
  { name: 'log_lock_waits', value: '1' },
  // Sorts and hashes that spill to disk, kB.
  { name: 'log_temp_files', value: '10240' },
  { name: 'log_autovacuum_min_duration', value: '10000' },
  // A client that is gone without a word holds its locks no longer than this, ms.
  { name: 'idle_in_transaction_session_timeout', value: '60000' },
  { name: 'tcp_keepalives_idle', value: '60' },
];
