export * from './client.js';
export * from './permissions.js';
export * from './rules.generated.js';
export * from './types.generated.js';
