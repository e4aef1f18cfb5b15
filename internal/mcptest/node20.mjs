import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(`
export function resolve(specifier, context, next) {
  if (specifier === 'fs' && context.parentURL?.includes('/conformance/')) {
    return { url: 'data:text/javascript,export * from "node:fs"; export function globSync() { throw new Error("needs Node 22") }', shortCircuit: true };
  }
  return next(specifier, context);
}`));
