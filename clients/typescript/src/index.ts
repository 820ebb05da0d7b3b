export * from './client.js';
export * from './permissions.js';
export * from './rules.js';
