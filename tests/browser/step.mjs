// step(): a named part of a test, told of in the lines that browser.py reads.

/** Steps build on each other, so the first that fails ends the run. */
export async function step(name, body) {
  const begun = Date.now();
  try {
    await body();
    console.log(`ok   ${name} (${Date.now() - begun} ms)`);
  } catch (error) {
    console.log(`FAIL ${name}\n     ${error.stack}`);
    throw error;
  }
}
