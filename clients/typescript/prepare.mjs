// Builds the package where it stands, for whoever installs it by its folder (`npm install ../rolecall/clients/typescript`),
// packs it, or has cloned it. npm runs this for a folder without installing what the build needs: TypeScript, and the
// types of NATS.

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url));
const needed = [compiler, fileURLToPath(new URL('node_modules/@nats-io/nats-core/package.json', import.meta.url))];

function run(command, ...args) {
  // npm's own flags of the command that runs this (`--omit=dev`, `--global`) are not meant for the build.
  const isFlag = (name) => /^npm_config_(omit|include|production|global|location|save|dry_run|package_lock_only)/i.test(name);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isFlag(name) && name !== 'NODE_ENV'));
  // npm is a script on Windows, which only a shell finds.
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd: folder, env, shell, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error ?? status !== 0) {
    console.error(`rolecall-client is not built: ${command} ${args.join(' ')} failed`, error ?? '');
    process.exit(1);
  }
}

if (!needed.every((path) => existsSync(path))) {
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--silent');
}
// What an older version of the sources left is not published.
rmSync(new URL('dist', import.meta.url), { recursive: true, force: true });
run(process.execPath, compiler);
