export * from './client.js';
export * from './errors.js';
export type { Limit } from './limits.js';
export * from './permissions.js';
export { DEFAULT_RETRY, type RetryOptions } from './retry.js';
export * from './rules.generated.js';
export * from './types.generated.js';
export type { Versions } from './versions.js';
