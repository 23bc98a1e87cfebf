"""The TypeScript SDK beside the fixtures: hooks, types of endpoints, its size, and what is packed."""
import gzip
import json
import os
import pathlib
import subprocess

from assertions import check, equal
from fixtures import HERE, SDK, World
from foreign import foreign_cases
from runner import note
from readmes import files_of

FOLDER = SDK / "typescript"
GZIP_BYTES_MAX = 7 * 1024
USE = """
import { Tidemill } from 'tidemill';
import { useLive } from 'tidemill/react';
import type { paths } from './api';
declare module 'tidemill' { interface Register { api: paths } }

declare const rt: Tidemill;
const orders = rt.live('orders', { customer: 7 }, { everybody: true });
const total: number | null | undefined = orders.getSnapshot().rows[0]?.total;
export const mine = () => useLive('orders/mine').rows[0]?.id.toFixed();
export const least = () => useLive('orders/mine', { least: 2 }).rows;
// @ts-expect-error: a parameter is of another type
rt.live('orders', { customer: {} });
// @ts-expect-error: a column that is not there
orders.getSnapshot().rows[0]?.nothing;
export { total };
"""


def run(command, folder, **environment):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def cases_hooks(binary, folder):
    with World(binary, folder, None) as world:
        environment = {**os.environ, **world.environment()}
        yield from foreign_cases(["node", "--test", "--test-reporter=tap", "test/hooks.test.mjs"], r"^ *ok \d+ - (.*)",
                                 r"^ *not ok \d+ - (.*)", folder=FOLDER, environment=environment)


def test_types(binary, folder):
    """the types of endpoints come from the server's document, and the README's components are typed"""
    folder = pathlib.Path(folder)
    (folder / "node_modules").mkdir()
    for each in (FOLDER / "node_modules").iterdir():
        (folder / "node_modules" / each.name).symlink_to(each)
    (folder / "node_modules/tidemill").symlink_to(FOLDER)
    with World(binary, folder, None) as world:
        (folder / "openapi.json").write_text(world.get("/rest/openapi.json"), encoding="utf-8")
    run(["npx", "openapi-typescript", "openapi.json", "-o", "api.ts"], folder)
    sources = {"use.ts": USE, **dict(files_of("typescript", "tsx"))}
    equal(len(sources), 3)
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    run(["npx", "tsc", "--noEmit", "--strict", "--skipLibCheck", "--preserveSymlinks", "--target", "es2022", "--module", "esnext",
         "--moduleResolution", "bundler", "--jsx", "react-jsx", *sources], folder)


def test_size(folder):
    """it is small, and packs what it exports"""
    entry = pathlib.Path(folder) / "entry.mjs"
    entry.write_text(f"export * from {json.dumps(str(FOLDER / 'dist/index.js'))};\nexport * from {json.dumps(str(FOLDER / 'dist/react.js'))};",
                     encoding="utf-8")
    bundled = run(["npx", "esbuild", str(entry), "--bundle", "--minify", "--format=esm", "--external:centrifuge", "--external:react"], FOLDER)
    size = len(gzip.compress(bundled.encode(), 9))
    note(f"{size} bytes gzip, with the hooks, without centrifuge")
    check(size <= GZIP_BYTES_MAX, f"{size} bytes gzip; {GZIP_BYTES_MAX} must do")
    packed = {each["path"] for each in json.loads(run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], FOLDER))[0]["files"]}
    exports = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["exports"]
    wanted = {path.removeprefix("./") for each in exports.values() for path in each.values()}
    check(wanted <= packed and "README.md" in packed, packed)
    equal({path for path in packed if not path.startswith("dist/")}, {"README.md", "package.json"})
