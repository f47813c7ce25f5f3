/** Where the relay writes what happened; pino's and fastify's loggers fit. No token and no message text ever goes in. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
